/** Scaling, rolling out what was built only, deployments' tests and health checks, on the real engine and under load. */

import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { type Load, startLoad } from "../support/load.ts";
import { type Answer, form } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles } from "./uploads.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
});
after(() => server.close());

type Instance = {
  readonly id: string;
  readonly current: boolean;
  readonly healthy: boolean;
  readonly started_at: string;
  readonly deployment_id: string;
};
type View = {
  readonly status: string;
  readonly replicas: number;
  readonly scale: number;
  readonly saved_scale: number;
  readonly active_deployment_id: string | null;
  readonly instances: readonly Instance[];
};
type Deployed = {
  readonly function: View;
  readonly deployment: { readonly id: string; readonly status: string; readonly failure_reason: string | null };
  readonly unchanged: boolean;
  readonly message?: string;
};

const view = async (name: string) => (await server.api({ path: `/api/functions/${name}` })).json<View>();

const post = (path: string, body: object = {}): Promise<Answer> =>
  server.api({
    method: "POST",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** An upload with a manifest; `query` such as `wait=1`. */
async function upload(
  manifest: { readonly name: string },
  files: Readonly<Record<string, string>>,
  query: string,
): Promise<Answer> {
  const { headers, body } = await form([
    { name: "manifest", value: JSON.stringify({ runtime: "tiny", ...manifest }) },
    { name: "source", value: zipOf(files), file: "code.zip" },
  ]);
  return server.api({ method: "POST", path: `/api/functions?${query}`, headers, body });
}

async function deploy(manifest: { readonly name: string }, files: Readonly<Record<string, string>>): Promise<void> {
  const answer = await upload(manifest, files, "wait=1");
  assert.equal(answer.status, 200, answer.text);
}

async function scale(name: string, replicas: number): Promise<View> {
  const answer = await post(`/api/functions/${name}/scale?wait=1`, { replicas });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<{ function: View }>().function;
}

/** Constant load that ends with its test, however that ends. */
function loadOn(context: TestContext, name: string): Load {
  const load = startLoad(server.port, `${name}.localhost`);
  context.after(() => load.end());
  return load;
}

const containersOf = (name: string) =>
  server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-default-${name}-`] } });

const version = (n: number) => appFiles(`setTimeout(() => response.end("v${n}"), 5)`);
const whoAmI = appFiles(`setTimeout(() => response.end(require("node:os").hostname()), 5)`);

test("1 → 3 → 1 under load, control killed in between: nothing is lost, traffic is shared, the oldest go", async (context) => {
  await deploy({ name: "wide" }, whoAmI);
  const [first] = (await view("wide")).instances;
  const load = loadOn(context, "wide");
  const up = await scale("wide", 3);
  assert.deepEqual([up.replicas, up.scale, up.saved_scale, up.status], [3, 3, 3, "running"]);
  const three = await containersOf("wide");
  assert.equal(three.length, 3);
  const before = await server.controlPid();
  process.kill(before, "SIGKILL");
  await eventually(async () => assert.notEqual(await server.controlPid(), before));
  await eventually(async () => {
    assert.deepEqual(
      (await view("wide")).instances.map((i) => [i.current, i.healthy]),
      Array(3).fill([true, true]),
    );
  });
  assert.deepEqual((await containersOf("wide")).map((c) => c.Id).toSorted(), three.map((c) => c.Id).toSorted());
  const shared = loadOn(context, "wide");
  await eventually(async () => assert.equal((await server.call("wide")).status, 200));
  const newest = up.instances.toSorted((a, b) => (a.started_at < b.started_at ? 1 : -1))[0];
  await new Promise((resolve) => setTimeout(resolve, SHARED_MS));
  const sharing = await shared.end();
  const down = await scale("wide", 1);
  assert.deepEqual(
    down.instances.filter((i) => i.healthy).map((i) => i.id),
    [newest?.id],
  );
  assert.notEqual(newest?.id, first?.id);
  await eventually(async () => assert.equal((await containersOf("wide")).length, 1));
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.deepEqual(sharing.lost, {});
  const counts = Object.values(sharing.bodies);
  assert.equal(counts.length, 3, "all three answered");
  assert.ok(Math.min(...counts) > sharing.sent / 10, `shared as ${counts.join(", ")}`);
});

/** How long traffic is watched to see that it is shared; a span of load and no wait for something. */
const SHARED_MS = 500;

test("scale 0 answers 503 and keeps the scale; start brings it back, also after a restart of the server", async () => {
  await deploy({ name: "nap" }, version(1));
  await scale("nap", 2);
  const stopped = await scale("nap", 0);
  assert.deepEqual([stopped.status, stopped.replicas, stopped.saved_scale], ["stopped", 0, 2]);
  const answer = await server.call("nap");
  assert.equal(answer.status, 503);
  assert.equal(answer.json<{ error: string }>().error, "unavailable");
  assert.equal(
    (await post("/api/functions/nap/scale", { replicas: 0 })).json<{ unchanged: boolean }>().unchanged,
    true,
  );
  await eventually(async () => assert.deepEqual(await containersOf("nap"), []));
  await server.stop();
  await server.run();
  assert.equal((await server.call("nap")).status, 503);
  assert.equal((await post("/api/functions/nap/start")).status, 200);
  await eventually(async () => assert.equal((await view("nap")).instances.filter((i) => i.healthy).length, 2));
  assert.equal((await server.call("nap")).text, "v1");
  for (const replicas of [-1, 51, 1.5, "3"])
    assert.ok([400, 422].includes((await post("/api/functions/nap/scale", { replicas })).status), String(replicas));
  assert.equal((await post("/api/functions/nobody/scale", { replicas: 1 })).status, 404);
});

test("built only, then deployed under load: nothing is lost, and until then the old version serves alone", async (context) => {
  await deploy({ name: "held" }, version(1));
  await scale("held", 2);
  const load = loadOn(context, "held");
  const built = await upload({ name: "held" }, version(2), "deploy=0&wait=1");
  assert.equal(built.status, 200, built.text);
  assert.equal(built.json<Deployed>().deployment.status, "built");
  const waiting = await view("held");
  assert.deepEqual(
    waiting.instances.map((i) => [i.current, i.healthy]),
    Array(2).fill([false, true]),
  );
  assert.equal((await server.call("held")).text, "v1");
  const rolled = await post("/api/functions/held/deploy?wait=1");
  assert.equal(rolled.status, 200, rolled.text);
  assert.deepEqual(
    [rolled.json<Deployed>().deployment.id, rolled.json<Deployed>().deployment.status],
    [built.json<Deployed>().deployment.id, "healthy"],
  );
  await eventually(async () => {
    assert.equal((await server.call("held")).text, "v2");
    assert.deepEqual(
      (await view("held")).instances.map((i) => [i.current, i.healthy]),
      Array(2).fill([true, true]),
    );
  });
  const again = await post("/api/functions/held/deploy");
  assert.equal(again.status, 200);
  assert.deepEqual(
    [again.json<Deployed>().unchanged, again.json<Deployed>().message],
    [true, "All instances are up to date"],
  );
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.deepEqual(Object.keys(report.bodies).toSorted(), ["v1", "v2"]);
});

test("a function that was built only answers 503 until it is deployed", async () => {
  const built = await upload({ name: "fresh" }, version(1), "deploy=0&wait=1");
  assert.equal(built.status, 200, built.text);
  assert.equal((await server.call("fresh")).status, 503);
  assert.deepEqual(await containersOf("fresh"), []);
  assert.equal((await post("/api/functions/fresh/deploy?wait=1")).status, 200);
  assert.equal((await server.call("fresh")).text, "v1");
});

test("instances whose image was built again under its name are out of date, and deploy replaces them", async () => {
  await deploy({ name: "stale" }, version(1));
  const { image } = (await server.api({ path: "/api/functions/stale/deployments" })).json<{
    data: [{ image: string }];
  }>().data[0];
  const [container] = await containersOf("stale");
  const colon = image.lastIndexOf(":");
  const [repo, tag] = [image.slice(0, colon), image.slice(colon + 1)];
  const commit = await server.engine.getContainer(container?.Id ?? "").commit({ repo, tag });
  assert.ok(commit.Id);
  assert.deepEqual(
    (await view("stale")).instances.map((i) => i.current),
    [false],
  );
  const rolled = await post("/api/functions/stale/deploy?wait=1");
  assert.equal(rolled.json<Deployed>().unchanged, false, rolled.text);
  await eventually(async () => {
    assert.deepEqual(
      (await view("stale")).instances.map((i) => i.current),
      [true],
    );
    assert.notEqual((await containersOf("stale"))[0]?.Id, container?.Id);
  });
});

test("a version whose test fails never serves: 422 with what came, the old one serves on, nothing is left", async (context) => {
  const ping = { path: "/ping", status: 200, body: "OK" };
  await deploy({ name: "tested", ...{ test: ping } }, appFiles(`response.end("OK")`));
  const [before] = await containersOf("tested");
  const load = loadOn(context, "tested");
  const failed = await upload(
    { name: "tested", ...{ test: ping } },
    appFiles(`console.log("asked", request.url); response.end("KO")`),
    "wait=1",
  );
  assert.equal(failed.status, 422, failed.text);
  assert.match(failed.text, /its test GET \/ping expected the body \\"OK\\", got \\"KO\\"/);
  assert.match(failed.json<{ log_tail: string }>().log_tail, /asked \/ping/);
  await eventually(async () =>
    assert.deepEqual(
      (await containersOf("tested")).map((c) => c.Id),
      [before?.Id],
    ),
  );
  const report = await load.end();
  assert.deepEqual(report.lost, {});
  assert.deepEqual(Object.keys(report.bodies), ["OK"]);
});

test("an unhealthy instance leaves rotation and is replaced; a version that never is healthy fails, with its own last words", async () => {
  const health = { path: "/health", intervalMs: 200, timeoutMs: 200, startMs: 1500 };
  const sickly = appFiles(
    `if (request.url === "/sicken") isSick = true;
if (request.url === "/health") { looks.push(Date.now()); if (isSick) response.statusCode = 503; }
response.end(request.url === "/looks" ? JSON.stringify(looks) : require("node:os").hostname());`,
    "let isSick = false; const looks = [];",
  );
  await deploy({ name: "sick", ...{ health } }, sickly);
  await scale("sick", 2);
  const looks = (await server.call("sick", { path: "/looks" })).json<readonly number[]>();
  assert.ok(looks.length > 0);
  const ill = (await server.call("sick", { path: "/sicken" })).text;
  await eventually(async () => {
    const hosts = (await containersOf("sick")).filter((c) => c.State === "running").map((c) => c.Id.slice(0, 12));
    assert.equal(hosts.length, 2);
    assert.ok(!hosts.includes(ill), "it was replaced");
  });
  await eventually(async () => assert.equal((await view("sick")).status, "running"));
  const before = await view("sick");
  const never = await upload(
    { name: "sick", ...{ health } },
    appFiles(`response.writeHead(500).end()`, `console.error("no database")`),
    "wait=1",
  );
  assert.equal(never.status, 422, never.text);
  assert.match(never.text, /health check \/health did not pass/);
  assert.match(never.json<{ log_tail: string }>().log_tail, /no database/);
  const now = await view("sick");
  assert.equal(now.active_deployment_id, before.active_deployment_id);
  await eventually(async () => assert.equal((await containersOf("sick")).length, 2));
  assert.equal((await server.call("sick")).status, 200);
});
