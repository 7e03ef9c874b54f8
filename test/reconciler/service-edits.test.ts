import assert from "node:assert/strict";
import { test } from "node:test";
import { code, draft, openProjects, shop } from "./project-bench.ts";

test("secrets go along with a function's new name, unless others wait there", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  await bench.serviceEdits.create(project, { ...draft("fn"), kind: "function", settings: {} });
  const fn = await bench.service(project, "fn");
  const key = { projectId: project.id, functionName: "fn", name: "token" };
  await bench.secrets.put(key, Buffer.from("secret"));
  const rename = { op: "service.update", targetId: fn.id, payload: { name: "renamed" } } as const;
  await bench.secrets.put({ ...key, functionName: "renamed" }, Buffer.from("other"));
  await assert.rejects(bench.applyNow(project, rename), code("conflict"));
  await bench.secrets.remove({ ...key, functionName: "renamed" });
  await bench.staged.apply(project.id);
  const { values } = await bench.secrets.forBuild(project.id, "renamed", ["token"]);
  assert.equal(Buffer.from(values.token ?? []).toString(), "secret");
  assert.deepEqual(await bench.secrets.list({ functionName: "fn" }), []);
});

test("a host port is one service's", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const withPort = (hostPort: number) => ({
    settings: { image: "app:1", ports: [{ containerPort: 80, hostPort, protocol: "tcp" as const }] },
  });
  await bench.serviceEdits.create(project, draft("one", withPort(9000)));
  await assert.rejects(bench.serviceEdits.create(project, draft("two", withPort(9000))), code("conflict"));
  await assert.rejects(bench.serviceEdits.create(project, draft("two", withPort(8080))), code("invalid"));
  assert.equal(await bench.database.services.findByName(project.id, "two"), undefined);
  const one = await bench.service(project, "one");
  await assert.rejects(bench.serviceEdits.deploy(one, { replicas: 2 }), code("invalid"), "one copy only");
});

test("a deployment at once takes what is named and keeps the rest; a new tag is fetched, the same one is not", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  const web = await bench.service(project, "web");
  const same = await bench.serviceEdits.deploy(web, { env: { B: "2" }, command: ["serve"] });
  assert.equal(same.wantedImage, "app:1");
  assert.deepEqual([same.env, same.command, same.ports[0]?.containerPort], [{ B: "2" }, ["serve"], 80]);
  const next = await bench.serviceEdits.deploy(web, { image: "app:2" });
  assert.deepEqual([next.status, next.image, next.env, next.command], ["building", null, {}, ["serve"]]);
  assert.equal((await bench.database.deployments.get(same.id)).status, "cancelled");
  assert.ok(bench.resumed.some((d) => d.id === next.id));
  await assert.rejects(bench.serviceEdits.deploy(web, { image: "NO IMAGE" }), code("invalid"));
  await bench.serviceEdits.create(project, { ...draft("empty"), settings: {} });
  await assert.rejects(bench.serviceEdits.deploy(await bench.service(project, "empty"), {}), code("invalid"));
});
