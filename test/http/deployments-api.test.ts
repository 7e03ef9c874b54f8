import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { InstanceRecord } from "../../src/domain/instance.ts";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
let p: string;
let base: string;
before(async () => {
  bench = await openApiBench();
});
beforeEach(async () => {
  p = (await bench.ask("POST /api/projects", { body: { name: "Deploys" } })).id;
  base = `/api/projects/${p}/services/web`;
  await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "web", image: "nginx:1" } });
});
after(() => bench.close());

const web = () => ({ p, s: "web" });
const deployments = async (query: { limit?: number; offset?: number } = {}) =>
  bench.ask("GET /api/projects/:p/services/:s/deployments", { params: web(), query });
type Wish = Parameters<typeof bench.ask<"POST /api/projects/:p/services/:s/deployments">>[1]["body"];
const deploy = (body: Wish) => bench.ask("POST /api/projects/:p/services/:s/deployments", { params: web(), body });

describe("deploying", () => {
  test("lays what is given over what is kept and was there", async () => {
    await bench.ask("POST /api/projects/:p/env-vars", { params: { p }, body: { key: "A", value: "project" } });
    await bench.ask("POST /api/projects/:p/env-vars", { params: { p }, body: { key: "B", value: "project" } });
    await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    const made = await deploy({
      image: "nginx:2",
      env_vars: { B: "request", C: "request" },
      ports: [{ container_port: 81 }],
      replicas: 2,
      command: ["run"],
    });
    assert.deepEqual(
      [made.image, made.env_vars, made.ports, made.replicas, made.command, made.status, made.attempt_count],
      [
        "nginx:2",
        { A: "project", B: "request", C: "request" },
        [{ container_port: 81, protocol: "tcp" }],
        2,
        ["run"],
        "pending",
        0,
      ],
    );
    const again = await deploy(null);
    assert.deepEqual(
      [again.image, again.command, again.env_vars],
      ["nginx:2", ["run"], { A: "project", B: "project" }],
    );
  });

  test("an earlier one that was coming up is cancelled", async () => {
    const { id } = await deploy({});
    await deploy({});
    const { status } = await bench.ask("GET /api/projects/:p/services/:s/deployments/:d", {
      params: { ...web(), d: id },
    });
    assert.equal(status, "cancelled");
  });

  test("names each field that can't be used", async () => {
    for (const [body, field] of [
      [{ image: "Not An Image" }, "image"],
      [{ env_vars: { "1A": "x" } }, "env_vars"],
      [{ env_vars: { A: 5 } }, "env_vars.A"],
      [{ env_vars: [] }, "env_vars"],
      [{ ports: [{ container_port: 70_000 }] }, "ports[0].container_port"],
      [{ replicas: -1 }, "replicas"],
      [{ nope: 1 }, "nope"],
    ] as const) {
      const { errors } = await bench.fails("POST", `${base}/deployments`, body, 422, "invalid");
      assert.ok(
        Object.keys(errors ?? {}).every((name) => name.startsWith(field)),
        JSON.stringify([body, errors]),
      );
    }
    assert.equal((await deployments()).total_count, 1);
  });

  test("a function's newest build", async () => {
    const { deploymentId } = await bench.deployed("again");
    const params = { p: "default", s: "again" };
    const made = await bench.ask("POST /api/projects/:p/services/:s/deployments", { params, body: {} });
    assert.notEqual(made.id, deploymentId);
    assert.deepEqual([made.function, made.service, made.build?.status], ["again", "again", "succeeded"]);
  });
});

describe("reading", () => {
  test("in slices, newest first", async () => {
    for (const image of ["a:1", "a:2"]) await deploy({ image });
    const { data, total_count } = await deployments();
    assert.equal(total_count, 3);
    const times = data.map(({ created_at }) => created_at);
    assert.deepEqual(times, times.toSorted().toReversed());
    const second = await deployments({ limit: 1, offset: 1 });
    assert.deepEqual(second, { data: [data[1]], total_count: 3, offset: 1, limit: 1 });
    await bench.fails("GET", `${base}/deployments?offset=1.5`, undefined, 400, "invalid");
  });

  test("one; those of another service are unknown", async () => {
    const { data } = await deployments();
    const id = data[0]?.id ?? "";
    const one = await bench.ask("GET /api/projects/:p/services/:s/deployments/:d", { params: { ...web(), d: id } });
    assert.deepEqual(one, data[0]);
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "sister" } });
    for (const url of [
      `/api/projects/${p}/services/sister`,
      "/api/projects/default/services/web",
      base.replace("web", "x"),
    ])
      for (const [method, path] of [
        ["GET", `${url}/deployments/${id}`],
        ["GET", `${url}/deployments/${id}/log`],
        ["POST", `${url}/deployments/${id}/cancel`],
      ] as const)
        await bench.fails(method, path, undefined, 404, "not_found");
    await bench.fails("GET", `${base}/deployments/nothing`, undefined, 404, "not_found");
  });

  test("a failure is shown with its reason, exit code and last lines", async () => {
    const { id } = await deploy({});
    const why = { failureReason: "container exited with code 3", exitCode: 3, logTail: "boom\n" };
    await bench.database.deployments.update(id, { status: "failed", ...why });
    const one = await bench.ask("GET /api/projects/:p/services/:s/deployments/:d", { params: { ...web(), d: id } });
    assert.deepEqual(
      [one.status, one.failure_reason, one.exit_code, one.log_tail],
      ["failed", why.failureReason, 3, "boom\n"],
    );
  });

  test("an image that is being fetched is pending, a function that is being built is building", async () => {
    const { id } = await deploy({});
    await bench.database.deployments.update(id, { status: "building" });
    assert.equal((await deployments()).data[0]?.status, "pending");
  });

  test("the log of a build, or of fetching an image, as text", async () => {
    const { deploymentId } = await bench.deployed("logged");
    const answer = await bench.send({
      url: `/api/projects/default/services/logged/deployments/${deploymentId}/log`,
    });
    assert.deepEqual([answer.statusCode, answer.headers["content-type"]], [200, "text/plain; charset=utf-8"]);
    assert.match(answer.body, /./);
    const { data } = await deployments();
    const fetched = await bench.send({ url: `${base}/deployments/${data[0]?.id}/log?follow=1` });
    assert.equal(fetched.statusCode, 200);
    assert.match(fetched.body, /nginx:1/);
  });
});

test("one that is coming up can be cancelled, once", async () => {
  const { id } = await deploy({});
  const params = { ...web(), d: id };
  const call = "POST /api/projects/:p/services/:s/deployments/:d/cancel";
  assert.equal((await bench.ask(call, { params })).status, "cancelled");
  await bench.fails("POST", `${base}/deployments/${id}/cancel`, undefined, 409, "conflict");
});

test("rolling back to a deployment that was healthy lets it come up again", async () => {
  const [first] = (await deployments()).data;
  const service = await bench.ask("GET /api/projects/:p/services/:s", { params: web() });
  const at = { startedAt: 1, healthyAt: 2 };
  await bench.database.deployments.update(first?.id ?? "", { status: "superseded", image: "nginx:1", ...at });
  const second = await deploy({ image: "nginx:2" });
  await bench.database.deployments.update(second.id, { status: "healthy", image: "nginx:2", ...at });
  await bench.database.services.update(service.id, { activeDeploymentId: second.id, status: "running" });
  const shown = await bench.ask("GET /api/projects/:p/services/:s", { params: web() });
  assert.deepEqual(
    [shown.active_deployment?.id, shown.active_deployment?.image, shown.active_deployment_id],
    [second.id, "nginx:2", second.id],
  );
  await bench.ask("POST /api/projects/:p/services/:s/rollback", {
    params: web(),
    body: { deployment_id: first?.id ?? "" },
  });
  const { data } = await deployments();
  assert.ok(
    data.some((d) => d.image === "nginx:1" && d.status === "pending"),
    JSON.stringify(data),
  );
});

describe("containers", () => {
  const record = (changes: Partial<InstanceRecord>): InstanceRecord => ({
    ...{ slot: "s", serviceId: "", projectId: p, deploymentId: "", replica: 0, runtimeId: "c", address: "127.200.0.9" },
    ...{ port: null, state: "ready", restartCount: 0, nextStartAt: 0, startedAt: 1000, readyAt: null },
    ...{ lastExitCode: null, lastLogTail: null },
    ...changes,
  });

  test("are what runs, by deployment and status, newest first", async () => {
    const service = await bench.ask("GET /api/projects/:p/services/:s", { params: web() });
    const [deployment] = (await deployments()).data;
    const own = { serviceId: service.id, deploymentId: deployment?.id ?? "" };
    for (const changes of [
      { slot: "a", state: "ready", startedAt: 3000 },
      { slot: "b", state: "starting", startedAt: 2000 },
      { slot: "c", state: "waiting", startedAt: 1000, runtimeId: null },
      { slot: "d", state: "draining", startedAt: 500, deploymentId: "another" },
    ] as const)
      await bench.database.instances.put(record({ ...own, ...changes }));
    const list = async (query: object) =>
      bench.ask("GET /api/projects/:p/services/:s/containers", { params: web(), query });
    const { data, total_count } = await list({});
    assert.deepEqual(
      [data.map(({ id, status, docker_container_id: dockerId }) => [id, status, dockerId]), total_count],
      [
        [
          ["a", "running", "c"],
          ["b", "created", "c"],
          ["c", "failed", null],
          ["d", "stopped", "c"],
        ],
        4,
      ],
    );
    assert.equal(data[0]?.created_at, "1970-01-01T00:00:03.000Z");
    const ids = async (query: object) => (await list(query)).data.map(({ id }) => id);
    assert.deepEqual(await ids({ deployment_id: "another" }), ["d"]);
    assert.deepEqual(await ids({ status: "failed" }), ["c"]);
    assert.deepEqual(await ids({ limit: 2, offset: 1 }), ["b", "c"]);
    await bench.fails("GET", `${base}/containers?status=zombie`, undefined, 422, "invalid");
    await bench.fails("GET", `${base}/containers?limit=`.replace("=", "=x"), undefined, 400, "invalid");
  });
});
