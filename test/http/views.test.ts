import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { LABELS } from "../../src/domain/labels.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { uploadParts } from "./bench-uploads.ts";
import { formOf } from "./form.ts";
import { samplePath } from "./sample-requests.ts";

let bench: Bench;
let deploymentId = "";
before(async () => {
  bench = await openBench();
  const { service, runtimeId, deploymentId: id } = await bench.deployed("shown");
  deploymentId = id;
  bench.driver.crash(runtimeId, 0, ["a line"]);
  await bench.database.deployments.update(id, {
    env: { A: "b" },
    health: { path: "/", intervalMs: 1000, timeoutMs: 100, allowsNotFound: false },
    resources: { cpuMillicores: 500, memoryBytes: 64 * 1024 * 1024 },
    volumes: [{ source: "data", target: "/data", readOnly: false }],
    failureReason: "none really",
    exitCode: 3,
    logTail: "tail",
    finishedAt: 5,
  });
  await bench.database.services.update(service.id, { status: "degraded" });
  NAMES["deployments/id"] = id;
  NAMES.d = id;
  const email = "somebody@example.com";
  const user = await ask("POST", "/api/users", { email, name: "Somebody", password: "correct horse" });
  NAMES["users/id"] = user.json().id;
  const canvas = { label: "g", positionX: 0, positionY: 0, width: null, height: null, data: "{}" };
  await bench.database.canvas.putNode({
    ...{ id: "group-of-this-test", projectId: bench.project.id, type: "group", serviceId: null, parentId: null },
    ...{ ...canvas, createdAt: 1, updatedAt: 1 },
  });
  await ask("PUT", "/api/runtimes/mine", { content: "# My own\nFROM scratch\n" });
});
after(() => bench.close());

function ask(method: "GET" | "POST" | "PUT" | "DELETE", url: string, payload?: object) {
  return bench.app.inject({ method, url, headers: { authorization: PASSKEY }, ...(payload && { payload }) });
}

/** The answer is exactly what the route's description says; times and all. */
async function matches(method: "GET" | "POST" | "PUT" | "DELETE", route: string, url: string, payload?: object) {
  const answer = await ask(method, url, payload);
  const described = bench.routes.find((one) => one.method === method && one.url === route)?.answers?.[
    answer.statusCode
  ];
  assert.ok(described instanceof z.ZodType, `${method} ${url} answers ${answer.statusCode}: ${answer.body}`);
  described.parse(answer.json());
  return answer.json();
}

/** What is there, by the parameter of a path. */
const NAMES: Record<string, string> = {
  ...{ name: "shown", "runtimes/name": "mine", "show/name": "node", p: "default", s: "shown" },
  ...{ "databases/id": "redis", g: "group-of-this-test" },
};

test("every GET answers exactly what it says it does", async () => {
  const covered = new Set<string>();
  for (const { method, url, answers } of bench.routes) {
    if (method !== "GET" || url.startsWith("/function/start")) continue;
    // A WebSocket has tests of its own.
    if (answers !== undefined && "101" in answers) continue;
    const named = `${samplePath(url, NAMES)}${url.endsWith("/logs") ? "?follow=0" : ""}`;
    if (answers?.[200] instanceof z.ZodType) {
      await matches("GET", url, named);
      covered.add(url);
    } else assert.equal((await ask("GET", named)).statusCode, 200, named);
  }
  assert.ok(covered.size >= 12, [...covered].join());
});

test("actions answer with the function as it is afterwards", async () => {
  for (const verb of ["stop", "start", "restart"])
    await matches("POST", `/api/functions/:name/${verb}`, `/api/functions/shown/${verb}`);
  await matches("PUT", "/api/runtimes/:name", "/api/runtimes/mine", { content: "FROM scratch\nLABEL a=b\n" });
  const deleted = await ask("DELETE", "/api/runtimes/mine");
  assert.deepEqual([deleted.statusCode, deleted.body], [204, ""]);
});

test("scale and deploy answer exactly what they say they do", async () => {
  const { id } = await bench.database.services.findByRouteName("shown").then((s) => s ?? assert.fail("it is gone"));
  const url = "/api/functions/:name/scale";
  const at = (replicas: unknown, query = "") =>
    matches("POST", url, `/api/functions/shown/scale${query}`, { replicas });
  await bench.database.deployments.update(deploymentId, { volumes: [] });
  for (const coming of await bench.database.deployments.list({ serviceId: id, statuses: ["pending", "building"] }))
    await bench.database.deployments.update(coming.id, { status: "cancelled" });
  assert.partialDeepStrictEqual(await at(3), { unchanged: false, function: { replicas: 3, scale: 3, saved_scale: 3 } });
  assert.equal((await at(3)).unchanged, true);
  assert.partialDeepStrictEqual(await at(0), { function: { replicas: 0, scale: 0, saved_scale: 3 } });
  for (const replicas of [-1, 51, 1.5, "2", undefined])
    assert.equal((await ask("POST", "/api/functions/shown/scale", { replicas })).statusCode, 422, String(replicas));
  await at(1);
  const deploy = "/api/functions/:name/deploy";
  const current = await matches("POST", deploy, "/api/functions/shown/deploy", {});
  assert.deepEqual([current.unchanged, current.message], [true, "All instances are up to date"]);
  await bench.database.deployments.update(deploymentId, { status: "built", isHeld: true });
  const rolled = await matches("POST", deploy, "/api/functions/shown/deploy", {});
  assert.deepEqual([rolled.unchanged, rolled.deployment.id], [false, deploymentId]);
  assert.equal((await ask("POST", "/api/functions/nobody/deploy", {})).statusCode, 404);
});

test("instances are current until something newer is built or comes up, or their image is built again", async () => {
  const { service, deploymentId: active } = await bench.deployed("aging");
  const isCurrent = async (): Promise<boolean> => {
    const { instances } = await matches("GET", "/api/functions/:name", "/api/functions/aging");
    const { data } = await matches("GET", "/api/functions", "/api/functions?limit=100");
    const listed = data.find((f: { name: string }) => f.name === "aging");
    assert.equal(listed.instances[0].current, instances[0].current);
    return instances[0].current;
  };
  assert.equal(await isCurrent(), true);
  const deployment = await bench.database.deployments.get(active);
  const newer = { ...deployment, id: "d0000000-newer", createdAt: deployment.createdAt + 1, isHeld: true };
  await bench.database.deployments.create({ ...newer, status: "building" });
  assert.equal(await isCurrent(), true);
  await bench.database.deployments.update(newer.id, { status: "built" });
  assert.equal(await isCurrent(), false);
  await bench.database.deployments.update(newer.id, { status: "starting", isHeld: false });
  assert.equal(await isCurrent(), false);
  await bench.database.deployments.update(newer.id, { status: "failed" });
  assert.equal(await isCurrent(), true);
  const labels = { [LABELS.server]: "server-of-this-test", [LABELS.service]: service.id };
  bench.driver.addImage(deployment.image ?? "", { labels });
  assert.equal(await isCurrent(), false);
});

test("a deploy answers with function, deployment and what it was taken for", async () => {
  const { file } = Object.fromEntries(uploadParts().map((part) => [part.name, part.value]));
  const { payload, headers } = formOf([
    { name: "manifest", value: JSON.stringify({ name: "fresh" }), type: "application/json" },
    { name: "source", value: file ?? "", file: "s.zip" },
  ]);
  const answer = await bench.app.inject({
    method: "POST",
    url: "/api/functions",
    payload,
    headers: { ...headers, authorization: PASSKEY },
  });
  assert.equal(answer.statusCode, 202, answer.body);
  const described = bench.routes.find((one) => one.method === "POST" && one.url === "/api/functions")?.answers?.[202];
  assert.ok(described instanceof z.ZodType);
  described.parse(answer.json());
  assert.match(answer.json().detected, /index\.html/);
});
