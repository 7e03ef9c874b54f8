import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, test } from "node:test";
import { WebSocket } from "ws";
import { eventually } from "../engine/eventually.ts";
import { TestCanvasClient } from "../support/canvas-client.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
let base: string;
before(async () => {
  bench = await openBench();
  await bench.app.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${(bench.app.server.address() as AddressInfo).port}`;
});
after(() => bench.close());

const open: TestCanvasClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) client.ws.terminate();
  await bench.staged.discardAll(bench.project.id);
  for (const { id, serviceId } of (await bench.board.state(bench.project.id)).nodes)
    if (serviceId === null) await bench.board.deleteNode(bench.project.id, id, null);
});

async function join(token = PASSKEY, project = "default"): Promise<TestCanvasClient> {
  const client = await TestCanvasClient.join(base, project, token);
  open.push(client);
  return client;
}

async function knock(): Promise<TestCanvasClient> {
  const client = await TestCanvasClient.open(base, "default");
  open.push(client);
  return client;
}

type Node = { id: string; parent_id: string | null; label: string; position_x: number; service_id: string | null };
type Change = { id: string; op: string; payload: Record<string, unknown>; target_temp_id: string | null };

const note = (given: object = {}) => ({ type: "note", label: "", position_x: 1, position_y: 2, ...given });

async function drawn(client: TestCanvasClient, given: object): Promise<Node> {
  client.say("node:upsert", note(given));
  return client.next<Node>("node:upserted");
}

/** A service that is only staged. */
async function draft(client: TestCanvasClient, name: string, given: object = {}): Promise<Node> {
  client.say("service:create", { draft_id: `draft-${name}`, name, image: "nginx:1", x: 5, y: 6, ...given });
  return (await client.next<{ node: Node }>("service:created")).node;
}

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

test("creating a service stages it with a node of its temporary id, and everybody sees both", async () => {
  const [me, other] = [await join(await bench.memberToken()), await join(await bench.memberToken())];
  me.say("service:draft-start", { draft_id: "d1", x: 1, y: 2 });
  me.say("service:create", {
    draft_id: "d1",
    name: "web",
    image: "nginx:1",
    icon_url: "https://example.com/i.png",
    x: 5,
    y: 6,
    env_vars: [{ key: "A", value: "1" }],
  });
  for (const client of [me, other]) {
    const { draft_id, node, pending_change } = await client.next<{
      draft_id: string;
      node: Node;
      pending_change: Change;
    }>("service:created");
    assert.deepEqual([draft_id, node.label, node.service_id], ["d1", "web", null]);
    assert.deepEqual([pending_change.op, pending_change.target_temp_id], ["service.create", node.id]);
    assert.deepEqual(pending_change.payload.env_vars, [{ key: "A", value: "1" }]);
  }
  const [change] = await bench.database.pendingChanges.list(bench.project.id);
  assert.ok(change?.userId, "it says who staged it");
  assert.equal((await join()).payloadAt<{ drafts: unknown[] }>(2).drafts.length, 0);
});

for (const [what, given, expected] of [
  ["a bad name", { name: "Not A Name" }, /DNS label/],
  ["no image", { image: undefined }, /image/],
  ["a bad image", { image: "no image at all" }, /image/],
  ["a bad key", { env_vars: [{ key: "1 x", value: "" }] }, /variable/],
  [
    "a key twice",
    {
      env_vars: [
        { key: "A", value: "" },
        { key: "A", value: "" },
      ],
    },
    /twice/,
  ],
  ["an unknown field", { replicas: 3 }, /replicas/],
  ["a wrong type", { x: "left" }, /x: /],
  ["an unknown preset", { image: undefined, preset: "oracle" }, /preset/],
] as const) {
  test(`creating a service with ${what} is told to its sender alone and leaves nothing`, async () => {
    const [me, other] = [await join(await bench.memberToken()), await join(await bench.memberToken())];
    await me.types();
    me.say("service:create", { draft_id: "d", name: "web", image: "nginx:1", x: 0, y: 0, ...given });
    const error = await me.next("service:create-error");
    assert.equal(error.draft_id, "d");
    assert.match(String(error.message), expected);
    assert.deepEqual(await other.types(), []);
    assert.deepEqual((await bench.board.state(bench.project.id)).nodes, []);
    assert.deepEqual(await bench.staged.list(bench.project.id), []);
  });
}

test("deleting a staged service's node takes all that was staged for it along", async () => {
  const client = await join();
  const { id } = await draft(client, "web");
  await bench.staged.append(
    bench.project.id,
    { op: "env_var.create", targetId: null, parentTempId: id, payload: { scope: "service", key: "K", value: "v" } },
    null,
  );
  await draft(client, "other");
  client.say("node:delete", { id });
  const { ids } = await client.next<{ ids: string[] }>("pending-changes:removed");
  assert.equal(ids.length, 2);
  assert.deepEqual(await client.next("node:deleted"), { id });
  assert.deepEqual(
    (await bench.staged.list(bench.project.id)).map((c) => c.op === "service.create" && c.payload.name),
    ["other"],
  );
});

test("deleting a service's node stages its deletion once and keeps the node", async () => {
  const { service } = await bench.deployed("kept");
  const node = await bench.database.canvas.findNodeOfService(service.id);
  assert.ok(node, "every service has a node by itself");
  const client = await join();
  client.say("node:delete", { id: node.id });
  const change = await client.next<Change>("pending-change:added");
  assert.equal(change.op, "service.delete");
  client.say("node:delete", { id: node.id });
  assert.deepEqual(await client.types(), []);
  assert.deepEqual(
    (await bench.staged.list(bench.project.id)).map(({ id }) => id),
    [change.id],
  );
  assert.ok(await bench.database.canvas.findNode(node.id));
});

test("dragging a service into a group and back stages its reparenting and takes it back", async () => {
  const { service } = await bench.deployed("dragged");
  const node = await bench.database.canvas.findNodeOfService(service.id);
  assert.ok(node);
  const client = await join();
  const group = await drawn(client, { type: "group", label: "backend" });
  const place = { id: node.id, type: "service", label: "ignored", position_x: 1, position_y: 1 };
  client.say("node:upsert", { ...place, parent_id: group.id });
  const inside = await client.next<Node>("node:upserted");
  assert.deepEqual([inside.parent_id, inside.label, inside.service_id], [group.id, "dragged", service.id]);
  const change = await client.next<Change>("pending-change:added");
  assert.deepEqual(change.payload, { reparented: true, previous_parent_id: null });
  client.say("node:upsert", { ...place, position_x: 9 });
  assert.equal((await client.next<Node>("node:upserted")).parent_id, group.id, "left out: it stays where it is");
  client.say("node:upsert", { ...place, parent_id: null });
  assert.deepEqual(await client.next("pending-changes:removed"), { ids: [change.id] });
});

test("deleting a group: what is in it stays where it was seen, that services leave is staged, its variables go", async () => {
  const { service } = await bench.deployed("member");
  const node = await bench.database.canvas.findNodeOfService(service.id);
  assert.ok(node);
  const projectId = bench.project.id;
  const client = await join();
  const group = await drawn(client, { type: "group", label: "g", position_x: 100, position_y: 200 });
  await bench.database.canvas.putNode({ ...node, parentId: group.id, positionX: 10, positionY: 20 });
  const inner = await drawn(client, { parent_id: group.id, position_x: 1, position_y: 2 });
  const variable = { projectId, scope: "group", scopeId: group.id, value: "v", createdAt: 0, updatedAt: 0 } as const;
  await bench.database.envVars.create({ ...variable, id: "kept-variable", key: "KEPT" });
  const staged = { scope: "group", key: "STAGED", value: "v" } as const;
  await bench.staged.append(
    projectId,
    { op: "env_var.create", targetId: group.id, parentTempId: null, payload: staged },
    null,
  );
  client.say("node:delete", { id: group.id });
  await client.next("node:deleted");
  const [out, noted] = [await bench.database.canvas.findNode(node.id), await bench.database.canvas.findNode(inner.id)];
  assert.deepEqual([out?.parentId, out?.positionX, out?.positionY], [null, 110, 220]);
  assert.deepEqual([noted?.parentId, noted?.positionX, noted?.positionY], [null, 101, 202]);
  assert.deepEqual(
    (await bench.staged.list(projectId)).map((c) => (c.op === "service.update" ? c.payload : c.op)),
    [{ reparented: true, previousParentId: group.id }],
  );
  assert.deepEqual(await bench.database.envVars.list({ scope: "group", scopeId: group.id }), []);
  await bench.staged.discardAll(projectId);
  assert.equal((await bench.database.canvas.findNode(node.id))?.parentId, null, "its group is gone for good");
});

test("nodes and edges that can't be are refused, told to the sender alone, and nothing is kept", async () => {
  const { service } = await bench.deployed("solid");
  const serviceNode = await bench.database.canvas.findNodeOfService(service.id);
  const [me, other] = [await join(await bench.memberToken()), await join(await bench.memberToken())];
  const group = await drawn(me, { type: "group", label: "g" });
  const plain = await drawn(me, { label: "n" });
  await bench.database.canvas.putEdge({
    ...{ id: "managed", projectId: bench.project.id, sourceId: plain.id, targetId: group.id, label: "K" },
    data: '{"managed":"env-ref","keys":["K"]}',
  });
  await other.types();
  const before = await bench.board.state(bench.project.id);
  const bad: readonly [string, object, RegExp][] = [
    ["node:upsert", note({ type: "service" }), /Create the service/],
    ["node:upsert", note({ id: plain.id, type: "group" }), /it is a note/],
    ["node:upsert", note({ id: plain.id, parent_id: plain.id }), /in itself/],
    ["node:upsert", note({ id: group.id, type: "group", parent_id: plain.id }), /group can't be in a group/],
    ["node:upsert", note({ parent_id: "nowhere" }), /no node nowhere/],
    ["node:upsert", note({ parent_id: plain.id }), /is no group/],
    ["node:upsert", note({ service_id: service.id }), /service_id/],
    ["node:upsert", note({ data: "{" }), /JSON/],
    ["node:upsert", note({ position_x: 1e300 }), /must be a number/],
    ["node:upsert", note({ width: -1 }), /width/],
    ["node:upsert", note({ label: "x".repeat(6000) }), /label/],
    ["node:upsert", { label: "" }, /type/],
    ["node:upsert", note({ type: "circle" }), /type/],
    ["node:upsert", note({ id: "a b" }), /id/],
    ["node:delete", { id: "nowhere" }, /no node/],
    ["node:delete", {}, /id/],
    ["node:move", { positions: [{ id: plain.id, x: 1e300, y: 0 }] }, /must be a number/],
    ["node:move", { positions: "all" }, /positions/],
    ["edge:upsert", { source_id: plain.id, target_id: plain.id }, /different ends/],
    ["edge:upsert", { source_id: plain.id, target_id: "nowhere" }, /no node nowhere/],
    ["edge:upsert", { id: "managed", source_id: plain.id, target_id: group.id }, /draws this edge itself/],
    ["edge:upsert", { source_id: plain.id, target_id: group.id, data: '{"managed":"env-ref","keys":[]}' }, /itself/],
    ["edge:delete", { id: "managed" }, /draws this edge itself/],
    ["edge:delete", { id: "nowhere" }, /no edge/],
    ["service:draft-start", { draft_id: "", x: 0, y: 0 }, /draft_id/],
    ["cursor:move", { x: 1 }, /y/],
    ["nonsense", {}, /Unknown message type: nonsense/],
    ["constructor", {}, /Unknown message type/],
    ["auth", { token: PASSKEY }, /Unknown message type: auth/],
  ];
  for (const [type, payload, expected] of bad) {
    me.say(type, payload);
    assert.match(String((await me.next("error")).message), expected, `${type} ${JSON.stringify(payload).slice(0, 80)}`);
  }
  assert.deepEqual(await other.types(), []);
  assert.deepEqual(await bench.board.state(bench.project.id), before);
  assert.equal(serviceNode?.serviceId, service.id);
  await bench.database.canvas.removeEdge("managed");
});

test("nodes of another project can be neither changed, moved, deleted, entered nor connected", async () => {
  await bench.database.projects.create({ ...bench.project, id: "p2", slug: "p2" });
  const foreign = await bench.board.upsertNode(
    "p2",
    { type: "group", label: "theirs", positionX: 0, positionY: 0 },
    null,
  );
  const me = await join();
  const mine = await drawn(me, {});
  for (const [type, payload] of [
    ["node:upsert", note({ id: foreign.id, type: "group" })],
    ["node:upsert", note({ parent_id: foreign.id })],
    ["node:delete", { id: foreign.id }],
    ["edge:upsert", { source_id: mine.id, target_id: foreign.id }],
  ] as const) {
    me.say(type, payload);
    await me.next("error");
  }
  me.say("node:move", { positions: [{ id: foreign.id, x: 55, y: 55 }] });
  await me.types();
  assert.deepEqual((await bench.board.state("p2")).nodes, [foreign]);
  await bench.projectAdmin.remove(await bench.database.projects.get("p2"), { volumes: false });
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

test("changes are written into the audit log with who, what and where from; dragging once only", async () => {
  const token = await bench.memberToken();
  const client = await join(token);
  const { id } = await drawn(client, { label: "audited" });
  for (let i = 0; i < 20; i += 1) client.say("node:move", { positions: [{ id, x: i, y: i }] });
  client.say("cursor:move", { x: 1, y: 1 });
  client.say("node:delete", { id });
  await client.next("node:deleted");
  await client.types();
  const user = (await bench.accounts.identify(token))?.user;
  const records = await bench.database.audit.list({ userId: user?.id ?? "" });
  assert.deepEqual(records.map(({ action }) => action).toSorted(), [
    "ws node:delete",
    "ws node:move",
    "ws node:upsert",
  ]);
  const last = records.find(({ action }) => action === "ws node:delete");
  assert.match(last?.target ?? "", new RegExp(`/api/projects/default/canvas/ws ${id}`));
  assert.deepEqual([last?.actorName, last?.from, last?.status], [user?.email, "127.0.0.1", 200]);
});

test("what others do through the API is told: services, deployments, instances, staged changes, applying", async () => {
  const client = await join();
  const { events } = bench;
  const { service, deploymentId } = await bench.deployed("told");
  assert.equal((await client.next("service:upserted")).name, "told");
  assert.equal((await client.next<{ deployment: { id: string } }>("deployment:created")).deployment.id, deploymentId);
  const healthy = await client.next("deployment:healthy");
  assert.deepEqual([healthy.deployment_id, healthy.service_id, healthy.status], [deploymentId, service.id, "healthy"]);
  events.publish({ type: "service.status.changed", serviceId: service.id, from: "deploying", to: "running" });
  assert.deepEqual(await client.next("service:status-changed"), {
    service_id: service.id,
    old_status: "deploying",
    new_status: "running",
  });
  const instance = { serviceId: service.id, slot: "s-0", runtimeId: "c".repeat(64), deploymentId };
  events.publish({ type: "instance.created", ...instance });
  assert.equal((await client.next("container:created")).service_id, service.id);
  await bench.database.deployments.update(deploymentId, {
    status: "failed",
    failureReason: "it broke",
    attemptCount: 3,
  });
  events.publish({ type: "deployment.failed", serviceId: service.id, deploymentId });
  const failed = await client.next("deployment:failed");
  assert.deepEqual([failed.status, failed.failure_reason, failed.attempt_count], ["failed", "it broke", 3]);

  await draft(client, "fresh");
  await bench.staged.apply(bench.project.id);
  const types: string[] = [];
  const applied = await client.next<{ applied_count: number; created_deployments: object[] }>(
    "pending-changes:applied",
  );
  for (const { type } of client.told) types.push(type);
  assert.deepEqual([applied.applied_count, applied.created_deployments.length], [1, 1]);
  assert.equal(types.at(types.indexOf("pending-changes:applied") - 1), "canvas:state");
  const state = client.told.findLast(({ type }) => type === "canvas:state")?.payload as { nodes: Node[] };
  assert.ok(state.nodes.some(({ label, service_id }) => label === "fresh" && service_id !== null));

  await draft(client, "dropped");
  await bench.staged.discardAll(bench.project.id);
  await client.next("pending-changes:cleared");
  await bench.lifecycle.remove(service, "default", { volumes: false });
  assert.deepEqual(await client.next("service:deleted"), { service_id: service.id });
  events.publish({ type: "instance.gone", ...instance });
  assert.equal((await client.next("container:deleted")).docker_container_id, instance.runtimeId);
});

test("a deleted project ends its canvas", async () => {
  await bench.database.projects.create({ ...bench.project, id: "p3", slug: "p3" });
  const client = await join(PASSKEY, "p3");
  await bench.projectAdmin.remove(await bench.database.projects.get("p3"), { volumes: false });
  assert.equal((await client.closed).code, 4004);
});

test("a reference in a variable draws an edge when it is applied, which nobody can take away but by the variable", async () => {
  const client = await join();
  const db = await draft(client, "db");
  const web = await draft(client, "web", { env_vars: [{ key: "DB", value: "http://$" + "{{ db.HOST }}:1" }] });
  await bench.staged.apply(bench.project.id);
  type Edge = { id: string; source_id: string; target_id: string; label: string; data: string };
  const edge = await client.next<Edge>("edge:upserted");
  assert.deepEqual([edge.source_id, edge.target_id, edge.label], [web.id, db.id, "DB"]);
  assert.deepEqual(JSON.parse(edge.data), { managed: "env-ref", keys: ["DB"] });
  client.say("edge:delete", { id: edge.id });
  assert.match(String((await client.next("error")).message), /draws this edge itself/);
  const [service] = await bench.database.services.list({ projectId: bench.project.id, name: "web" });
  const [variable] = await bench.database.envVars.list({ scope: "service", scopeId: service?.id ?? "" });
  assert.ok(service && variable);
  const gone = { scope: "service", scopeId: service.id, key: "DB", oldValue: variable.value } as const;
  await bench.staged.append(bench.project.id, { op: "env_var.delete", targetId: variable.id, payload: gone }, null);
  await bench.staged.apply(bench.project.id);
  assert.deepEqual(await client.next("edge:deleted"), { id: edge.id });
});

test("a change that can't be written into the audit log was made all the same, and its maker is told both", async () => {
  const client = await join();
  const { audit } = bench.database;
  const add = audit.add;
  audit.add = () => Promise.reject(new Error("the disk is full"));
  try {
    client.say("service:create", { draft_id: "d", name: "unwritten", image: "nginx:1", x: 0, y: 0 });
    await client.next("service:created");
    assert.match(String((await client.next("error")).message), /done, but could not be written/);
  } finally {
    audit.add = add;
  }
  assert.match(bench.logged(), /could not be written into the audit log/);
});

test("a canvas has room for so much text: whoever comes is sent all of it at once", async () => {
  const id = "p-full";
  await bench.database.projects.create({ ...bench.project, id, slug: id });
  const place = { type: "note", positionX: 0, positionY: 0 } as const;
  const wish = { ...place, label: "", data: JSON.stringify("x".repeat(32_000)) };
  for (let i = 0; i < 262; i += 1) await bench.board.upsertNode(id, { ...wish, id: `n${i}` }, null);
  await assert.rejects(bench.board.upsertNode(id, wish, null), /more than 8388608 characters/);
  await bench.board.upsertNode(id, { ...wish, id: "n0", positionX: 5 }, null);
  const small = await bench.board.upsertNode(id, { ...place, label: "fits" }, null);
  await assert.rejects(bench.board.upsertNode(id, { ...wish, id: small.id }, null), /more than 8388608 characters/);
  await bench.projectAdmin.remove(await bench.database.projects.get(id), { volumes: false });
});
