import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { startLoad } from "../support/load.ts";
import { ask } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, outcome, upload } from "./uploads.ts";

let server: TestServer;
const version = (n: number) => appFiles(`setTimeout(() => response.end("v${n}"), 5)`);

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
  await deploy(server, { name: "load", files: version(0), port: 28_201 });
});
after(() => server.close());

async function containersOf(name: string, all = true) {
  return server.engine.listContainers({ all, filters: { name: [`${server.prefix}-default-${name}-`] } });
}

async function containerOf(name: string): Promise<string> {
  return eventually(async () => {
    const [only, ...others] = await containersOf(name, false);
    assert.ok(only !== undefined && others.length === 0);
    return only.Id;
  });
}

test("redeploys under constant load lose no request, and the new version follows the old one", async () => {
  const load = startLoad(server.port, "load.localhost");
  for (let n = 1; n <= 4; n += 1) await deploy(server, { name: "load", files: version(n), port: 28_201 });
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.ok(report.sent > 500);
  for (let n = 1; n <= 4; n += 1) assert.ok((report.bodies[`v${n}`] ?? 0) > 0, `v${n} was never seen`);
});

test("ten SIGKILLs of control under load lose no request; it is back by itself each time", async () => {
  const load = startLoad(server.port, "load.localhost");
  for (let n = 0; n < 10; n += 1) {
    const pid = await server.controlPid();
    process.kill(pid, "SIGKILL");
    const health = await ask(server.url, { path: "/healthz" });
    assert.equal(health.status, 200, "a request to the API waits for the next control");
    assert.notEqual(await server.controlPid(), pid);
  }
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
});

test("a reload under load loses no request and replaces control and workers", async () => {
  const [control, workers] = [await server.controlPid(), await server.workerPids()];
  const load = startLoad(server.port, "load.localhost");
  assert.equal((await server.api({ method: "POST", path: "/api/system/reload" })).status, 202);
  await eventually(async () => {
    assert.notEqual(await server.controlPid(), control);
    const now = await server.workerPids();
    assert.ok(
      workers.every((pid) => !now.includes(pid)),
      "an old worker is still there",
    );
  }, 45_000);
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
});

test("an instance that is killed is back with its address, one container only; waiting requests are answered", async () => {
  const before = await containerOf("load");
  const address = (await server.engine.getContainer(before).inspect()).NetworkSettings.Networks[
    `${server.prefix}-default`
  ]?.IPAddress;
  await server.engine.getContainer(before).kill();
  assert.equal((await server.call("load")).status, 200, "a request during the restart waits for it");
  const now = await containerOf("load");
  assert.notEqual(now, before);
  const { NetworkSettings } = await server.engine.getContainer(now).inspect();
  assert.equal(NetworkSettings.Networks[`${server.prefix}-default`]?.IPAddress, address);
  assert.equal((await containersOf("load")).length, 1);
});

test("an instance that was removed by hand is back too", async () => {
  await server.engine.getContainer(await containerOf("load")).remove({ force: true });
  assert.equal((await server.call("load")).status, 200);
});

test("an app that keeps crashing is backed off with one container at most; its exit code and last words are kept", async () => {
  const files = appFiles(
    `response.end("fine"); if (request.url === "/die") { console.error("I was asked to die"); setTimeout(() => process.exit(9), 10); }`,
  );
  await deploy(server, { name: "frail", files });
  type Instance = { restart_count: number; last_exit_code: number | null; last_log_tail: string | null };
  const instance = async (): Promise<Instance | undefined> =>
    (await server.api({ path: "/api/functions/frail" })).json<{ instances: Instance[] }>().instances[0];
  for (let n = 1; n <= 3; n += 1) {
    assert.equal((await server.call("frail", { path: "/die" })).status, 200);
    await eventually(async () => assert.equal((await instance())?.restart_count, n));
    assert.ok((await containersOf("frail")).length <= 1);
  }
  const last = await instance();
  assert.equal(last?.last_exit_code, 9);
  assert.match(last?.last_log_tail ?? "", /I was asked to die/);
});

test("an address that was freed is not given to another function at once", async () => {
  await deploy(server, { name: "before", files: appFiles(`response.end("before")`) });
  const addressOf = async (name: string) =>
    (await server.engine.getContainer(await containerOf(name)).inspect()).NetworkSettings.Networks[
      `${server.prefix}-default`
    ]?.IPAddress;
  const freed = await addressOf("before");
  await server.api({ method: "DELETE", path: "/function/delete/before" });
  await eventually(async () => assert.equal((await containersOf("before")).length, 0));
  await deploy(server, { name: "afterwards" });
  assert.notEqual(await addressOf("afterwards"), freed);
});

test("a restart of Slipway leaves instances alone that are well", async () => {
  const before = await containerOf("load");
  assert.equal(await server.stop(), 0);
  await server.run();
  assert.match((await server.call("load")).text, /^v\d$/);
  assert.equal(await containerOf("load"), before);
  await server.killHolder({ andControl: true });
  await server.run();
  assert.match((await server.call("load")).text, /^v\d$/);
  assert.equal(await containerOf("load"), before);
});

test("what died while Slipway was away is brought back by its next start, what was stopped stays stopped", async () => {
  await deploy(server, { name: "idle" });
  await server.api({ method: "POST", path: "/api/functions/idle/stop" });
  await server.stop();
  await server.engine.getContainer(await containerOf("load")).remove({ force: true });
  await server.run();
  assert.match((await server.call("load")).text, /^v\d$/);
  assert.equal((await server.call("idle")).status, 503);
});

test("SIGKILL of holder and control leaves functions served by the workers, and the next start takes over, again and again", async () => {
  for (let round = 0; round < 4; round += 1) {
    const orphans = await server.workerPids();
    assert.ok(orphans.length > 0);
    await server.killHolder({ andControl: true });
    for (let n = 0; n < 20; n += 1) assert.match((await server.call("load")).text, /^v\d$/);
    await server.run();
    for (let n = 0; n < 20; n += 1) assert.match((await server.call("load")).text, /^v\d$/);
    await eventually(async () => {
      const now = await server.workerPids();
      assert.ok(
        orphans.every((pid) => !now.includes(pid)),
        "an orphan is still there",
      );
    }, 45_000);
  }
});

test("an upload that was accepted is built even if control is killed in the middle", async () => {
  await upload(server, { name: "load", files: version(7), port: 28_201 });
  process.kill(await server.controlPid(), "SIGKILL");
  await eventually(async () => assert.equal((await server.call("load")).text, "v7"), 30_000);
  assert.equal((await outcome(server, "load")).status, "running");
});

test("a rollback brings the version before back without losing a request", async () => {
  await deploy(server, { name: "load", files: version(8), port: 28_201 });
  const load = startLoad(server.port, "load.localhost");
  assert.equal((await server.api({ method: "POST", path: "/api/functions/load/rollback" })).status, 200);
  await eventually(async () => assert.equal((await server.call("load")).text, "v7"));
  assert.deepEqual((await load.end()).lost, {});
});

test("a second server on the same data directory ends with 1 and names the pid of the first", async () => {
  const bin = join(import.meta.dirname, "../../bin/slipway");
  const second = await run(bin, ["server", "--addr", "127.0.0.1:0"], { timeoutMs: 20_000, env: server.cliEnv });
  assert.equal(second.exitCode, 1);
  assert.ok(second.stderr.includes(String(server.pid)), second.stderr);
  assert.equal((await server.call("load")).status, 200);
});

test("metrics count requests by service and status class; strangers do not see them", async () => {
  await server.call("load");
  await eventually(async () => {
    const { status, text } = await ask(server.url, { path: "/metrics" });
    assert.equal(status, 200);
    assert.match(text, /slipway_requests_total\{service="load",status_class="2xx"\} \d+/);
    assert.match(text, /slipway_request_duration_seconds_bucket\{[^}]*service="load"[^}]*\} \d+/);
  });
  assert.equal(
    (await ask(server.url, { path: "/metrics", headers: { "x-forwarded-for": "203.0.113.9" } })).status,
    401,
  );
  assert.ok((await readFile(join(server.dataDir, "gateway.log"), "utf8")) !== undefined);
});
