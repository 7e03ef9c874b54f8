import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSKEY } from "./api-bench.ts";
import { bench, draft, drawn, join, type Node, useCanvas } from "./canvas-bench.ts";

useCanvas();

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
