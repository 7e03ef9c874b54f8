import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSKEY } from "./api-bench.ts";
import { bench, type Change, draft, drawn, join, type Node, note, useCanvas } from "./canvas-bench.ts";

useCanvas();

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
