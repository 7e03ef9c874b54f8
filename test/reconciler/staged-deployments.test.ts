/** Which deployments follow from staged changes, and what becomes of those that were there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeBody, SettingsPatch } from "../../src/domain/pending-change.ts";
import type { Project } from "../../src/domain/project.ts";
import { draft, openProjects, type Projects } from "./project-bench.ts";

const setVariable = (scope: "project" | "group", targetId: string, key: string, value: string) =>
  ({ op: "env_var.create", targetId, parentTempId: null, payload: { scope, key, value } }) as const;

/** A project with a service `web` that serves. */
async function shop(bench: Projects): Promise<Project> {
  const project = await bench.projectAdmin.create({ name: "Shop" });
  await bench.serviceEdits.create(project, draft("web"));
  await bench.served(project, "web");
  return project;
}

test("other variables leave an upload what it was; other settings make it something else, so that it can be uploaded again", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const web = await bench.service(project, "web");
  const uploaded = { configHash: "hash", declaredReplicas: 2 };
  await bench.database.deployments.update((await bench.newest(project, "web"))?.id ?? "", uploaded);
  const after = async (change: ChangeBody) => {
    await bench.applyNow(project, change);
    await bench.served(project, "web");
    const { configHash, declaredReplicas } = (await bench.newest(project, "web")) ?? {};
    return { configHash, declaredReplicas };
  };
  assert.deepEqual(await after(setVariable("project", project.id, "A", "1")), uploaded);
  const edit = (settings: SettingsPatch) =>
    ({ op: "service.update", targetId: web.id, payload: { settings } }) as const;
  assert.deepEqual(await after(edit({ replicas: 3 })), uploaded, "its scale is its owner's");
  assert.deepEqual(await after(edit({ startMs: 5_000 })), { ...uploaded, configHash: null });
});

test("a group that was deleted takes its variables from the services in it once that is applied; without any they run on", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const web = await bench.service(project, "web");
  const regroup = async (...variables: string[]) => {
    const node = await bench.database.canvas.findNodeOfService(web.id);
    assert.ok(node);
    const { positionX, positionY } = node;
    const at = { positionX, positionY, width: null, height: null, data: "{}" };
    const group = await bench.board.upsertNode(project.id, { ...at, type: "group", label: "g", parentId: null }, null);
    await bench.board.upsertNode(project.id, { ...node, parentId: group.id }, null);
    for (const key of variables) await bench.staged.append(project.id, setVariable("group", group.id, key, "1"), null);
    await bench.staged.apply(project.id);
    await bench.served(project, "web");
    const before = await bench.newest(project, "web");
    await bench.board.deleteNode(project.id, group.id, null);
    assert.deepEqual((await bench.newest(project, "web"))?.env, before?.env, "not before it is applied");
    return bench.staged.apply(project.id);
  };
  assert.deepEqual((await regroup("IN")).redeployedServiceIds, [web.id]);
  await bench.served(project, "web");
  assert.deepEqual((await bench.newest(project, "web"))?.env, {});
  assert.deepEqual((await regroup()).redeployedServiceIds, []);
});

test("what was built only stays its owner's to roll out when variables change, beside what serves and alone", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const web = await bench.service(project, "web");
  const { deployments } = bench.database;
  const serving = await bench.newest(project, "web");
  assert.ok(serving);
  const built = { ...serving, status: "built" as const, isHeld: true, createdAt: serving.createdAt + 1 };
  await deployments.create({ ...built, id: "beside" });
  await bench.applyNow(project, setVariable("project", project.id, "A", "1"));
  assert.equal((await deployments.get("beside")).status, "built");
  assert.deepEqual((await bench.newest(project, "web"))?.isHeld, false);

  await bench.serviceEdits.create(project, { ...draft("alone"), settings: {} });
  const alone = await bench.service(project, "alone");
  await deployments.create({ ...built, id: "first", serviceId: alone.id });
  for (const [key, desired, awaitsStart] of [
    ["B", "running", false],
    ["C", "stopped", true],
  ] as const) {
    await bench.database.services.update(alone.id, { desired });
    await bench.applyNow(project, setVariable("project", project.id, key, "1"));
    const waiting = await deployments.list({ serviceId: alone.id, statuses: ["built", "pending", "building"] });
    assert.deepEqual(
      waiting.map((d) => [d.status, d.isHeld, d.awaitsStart, d.env[key]]),
      [["built", true, awaitsStart, "1"]],
    );
  }
  assert.equal(web.activeDeploymentId, serving.id);
});
