import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { eventually } from "../engine/eventually.ts";
import { PASSKEY } from "./api-bench.ts";
import { base, bench, drawn, join, knock, type Node, note, useCanvas } from "./canvas-bench.ts";

useCanvas();

test("an unknown project is a 404 before the upgrade; a request that is no handshake is told so", async () => {
  const ws = new WebSocket(`${base.replace("http", "ws")}/api/projects/nowhere/canvas/ws`);
  const [, answer] = await once(ws, "unexpected-response");
  assert.equal(answer.statusCode, 404);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  assert.equal(JSON.parse(Buffer.concat(chunks).toString()).error, "not_found");
  const plain = await fetch(`${base}/api/projects/default/canvas/ws`);
  assert.equal(plain.status, 400);
  assert.match(JSON.stringify(await plain.json()), /WebSocket only/);
  const head = await fetch(`${base}/api/projects/default/canvas/ws`, { method: "HEAD" });
  assert.equal(head.status, 400);
});

test("an upgrade of any other address is answered as a request, and ends", async () => {
  const ws = new WebSocket(`${base.replace("http", "ws")}/api/health`);
  const [, answer] = await once(ws, "unexpected-response");
  assert.ok([200, 404].includes(answer.statusCode));
  assert.equal(answer.headers.connection, "close");
  ws.on("error", () => undefined);
  ws.terminate();
});

test("the four messages of the start come in order, for passkey, access token and API key, by id and by slug", async () => {
  const token = await bench.memberToken();
  const key = await bench.apiKey(token);
  for (const [credential, project] of [
    [PASSKEY, "default"],
    [token, bench.project.id],
    [key, "default"],
  ] as const) {
    const client = await join(credential, project);
    assert.deepEqual(
      client.told.map(({ type }) => type),
      ["canvas:state", "users:list", "service:drafts", "pending-changes:state"],
    );
    assert.equal(client.ws.extensions, "");
  }
});

for (const [what, first] of [
  ["a wrong token", JSON.stringify({ type: "auth", payload: { token: "slw_wrong" } })],
  ["no token", JSON.stringify({ type: "auth", payload: {} })],
  ["another message first", JSON.stringify({ type: "cursor:move", payload: { x: 1, y: 1 } })],
  ["no JSON", "hello"],
  ["an unknown field", JSON.stringify({ type: "auth", payload: { token: PASSKEY, more: 1 } })],
  ["bytes", Buffer.from([1, 2, 3])],
] as const) {
  test(`${what} closes with 4001`, async () => {
    const client = await knock();
    client.ws.send(first);
    assert.deepEqual(await client.closed, { code: 4001, reason: "Authentication failed." });
    assert.deepEqual(client.told, []);
  });
}

test("users are told of each other once, however many tabs they have", async () => {
  const [ada, bob] = [await bench.memberToken(), await bench.memberToken()];
  const first = await join(ada);
  const other = await join(bob);
  const joined = await first.next<{ user_id: string; user_name: string }>("user:joined");
  assert.match(joined.user_name, /^Person/);
  assert.equal(other.payloadAt<{ users: unknown[] }>(1).users.length, 2);
  const second = await join(bob);
  assert.deepEqual(await first.types(), []);
  await other.close();
  assert.deepEqual(await first.types(), []);
  await second.close();
  assert.deepEqual(await first.next("user:left"), joined);
});

test("cursors and moves reach the others only; drafts and edits reach everybody", async () => {
  const [me, other] = [await join(await bench.memberToken()), await join(await bench.memberToken())];
  await me.types();
  const { id } = await drawn(me, { label: "hello", data: '{"colour":"red"}' });
  assert.equal((await other.next<Node>("node:upserted")).id, id);
  me.say("cursor:move", { x: 3, y: 4 });
  me.say("node:move", {
    positions: [
      { id, x: 70, y: 80 },
      { id: "unknown", x: 1, y: 1 },
    ],
  });
  me.say("service:draft-start", { draft_id: "d", x: 1, y: 1 });
  assert.deepEqual(await me.types(), ["service:drafting"]);
  const cursor = await other.next("cursor:updated");
  assert.deepEqual([cursor.x, cursor.y], [3, 4]);
  const moved = await other.next("node:moved");
  assert.deepEqual(moved.positions, [{ id, x: 70, y: 80 }]);
  assert.equal(moved.user_id, cursor.user_id);
  const third = await join();
  const state = third.payloadAt<{ nodes: Node[] }>(0);
  assert.equal(state.nodes[0]?.position_x, 70, "a newcomer sees where it is now");
  assert.equal(third.payloadAt<{ drafts: unknown[] }>(2).drafts.length, 1);
});

test("what is kept about a node is whole after it was moved, sized and moved again", async () => {
  const client = await join();
  const { id } = await drawn(client, { label: "a", data: '{"a":1}' });
  client.say("node:move", { positions: [{ id, x: 10, y: 10 }] });
  client.say("node:upsert", note({ id, label: "b", position_x: 20, width: 300, height: null }));
  await client.next("node:upserted");
  client.say("node:move", { positions: [{ id, x: 30, y: 31 }] });
  await client.types();
  await eventually(async () => assert.equal((await bench.database.canvas.findNode(id))?.positionX, 30));
  const { label, width, data, positionY } = (await bench.database.canvas.findNode(id)) ?? {};
  assert.deepEqual({ label, width, data, positionY }, { label: "b", width: 300, data: '{"a":1}', positionY: 31 });
});

test("a draft is its owner's: others can't take or cancel it, and it goes when its owner leaves", async () => {
  const [me, other] = [await join(await bench.memberToken()), await join(await bench.memberToken())];
  me.say("service:draft-start", { draft_id: "mine", x: 1, y: 2 });
  assert.equal((await other.next("service:drafting")).draft_id, "mine");
  for (const [type, payload, answer] of [
    ["service:draft-cancel", { draft_id: "mine" }, "error"],
    ["service:draft-start", { draft_id: "mine", x: 9, y: 9 }, "error"],
    ["service:create", { draft_id: "mine", name: "stolen", image: "nginx", x: 0, y: 0 }, "service:create-error"],
  ] as const) {
    other.say(type, payload);
    assert.match(String((await other.next(answer)).message), /somebody else's/);
  }
  other.say("service:draft-cancel", { draft_id: "nobody's" });
  assert.deepEqual(await other.types(), []);
  await me.close();
  assert.deepEqual(await other.next("service:draft-cancelled"), { draft_id: "mine" });
});

test("frames that are no messages are answered or end their sender, and nobody else", async () => {
  const witness = await join();
  const talker = await join(await bench.memberToken());
  for (const text of [
    "",
    "no json",
    "null",
    "[]",
    "7",
    '{"payload":{}}',
    '{"type":7}',
    '{"type":"node:delete","payload":{},"more":1}',
  ]) {
    talker.ws.send(text);
    assert.match(String((await talker.next("error")).message), /JSON object/, text);
  }
  talker.ws.send(Buffer.from([0, 1, 2]));
  assert.equal((await talker.closed).code, 1003);
  const huge = await join(await bench.memberToken());
  huge.ws.send(JSON.stringify({ type: "cursor:move", payload: { x: "x".repeat(70_000) } }));
  assert.equal((await huge.closed).code, 1009);
  const broken = await join(await bench.memberToken());
  (broken.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
    Buffer.from([0x81, 0x85, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff]),
  );
  assert.ok([1007, 1006].includes((await broken.closed).code));
  await witness.types();
});

test("a flood is limited with an error, then ended; others go on", async () => {
  const witness = await join();
  const flood = await join(await bench.memberToken());
  for (let i = 0; i < 600; i += 1) flood.say("cursor:move", { x: i, y: 0 });
  assert.match(String((await flood.next("error")).message), /200 messages a second/);
  for (let i = 0; i < 3_000; i += 1) flood.say("cursor:move", { x: i, y: 0 });
  assert.equal((await flood.closed).code, 1008);
  await witness.types();
});

test("a user who is removed, signs out or loses the API key is cut off, and changes nothing more before that", async () => {
  const tokens = [await bench.memberToken(), await bench.memberToken(), await bench.memberToken()];
  const [removed, out, keyed] = tokens as [string, string, string];
  const idOf = async (token: string) => (await bench.accounts.identify(token))?.user.id ?? "";
  const key = await bench.apiKey(keyed);
  const [a, b, c] = [await join(removed), await join(out), await join(key)];
  const stays = await join(keyed);
  await bench.accounts.removeUser(await idOf(removed));
  assert.equal((await a.closed).code, 4001);
  const outId = await idOf(out);
  await bench.accounts.logOutAll(outId);
  await eventually(async () => {
    if (b.ws.readyState === WebSocket.OPEN) b.say("node:upsert", note({ label: "too late" }));
    assert.equal(b.ws.readyState, WebSocket.CLOSED);
  });
  assert.equal((await b.closed).code, 4001);
  const keyedId = await idOf(keyed);
  const [kept] = await bench.accounts.listApiKeys(keyedId);
  await bench.accounts.removeApiKey(keyedId, kept?.id ?? "");
  await eventually(async () => {
    if (c.ws.readyState === WebSocket.OPEN) c.say("node:upsert", note());
    assert.equal(c.ws.readyState, WebSocket.CLOSED);
  });
  assert.equal(stays.ws.readyState, WebSocket.OPEN);
});

test("an access token that was refreshed keeps its connection: that lives as long as the session", async () => {
  const { email } = await bench.accounts.createUser({
    ...{ email: "long@example.com", name: "Long", password: "correct horse", role: "member" },
  });
  const tokens = await bench.accounts.logIn(email, "correct horse", "127.0.0.1");
  const client = await join(tokens.accessToken);
  await bench.accounts.refresh(tokens.refreshToken);
  assert.equal(await bench.accounts.identify(tokens.accessToken), undefined);
  await drawn(client, { label: "still here" });
});
