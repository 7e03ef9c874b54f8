/** Rollouts that go wrong, and what owners do meanwhile, on the real engine. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { startLoad } from "../support/load.ts";
import { type Answer, ask } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, freePort, outcome, upload } from "./uploads.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
});
after(() => server.close());

const version = (n: number) => appFiles(`setTimeout(() => response.end("v${n}"), 5)`);
const exits = { "app.js": `console.error("no database"); process.exit(7);` };

type Instance = { readonly restart_count: number; readonly last_log_tail: string | null };
type View = {
  readonly status: string;
  readonly instances: readonly Instance[];
  readonly images: readonly { readonly tags: readonly string[] }[];
};
type DeploymentView = { readonly id: string; readonly status: string; readonly image: string };

const view = async (name: string) => (await server.api({ path: `/api/functions/${name}` })).json<View>();
const post = (path: string, body?: object): Promise<Answer> =>
  server.api({
    method: "POST",
    path,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });

async function deployments(name: string): Promise<readonly DeploymentView[]> {
  return (await server.api({ path: `/api/functions/${name}/deployments` })).json<{ data: DeploymentView[] }>().data;
}

async function containersOf(name: string) {
  return server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-default-${name}-`] } });
}

test("an update with another port that fails leaves the old port listening, and frees the new one", async () => {
  const [oldPort, newPort] = [freePort(), freePort()];
  await deploy(server, { name: "ported", port: oldPort, files: version(1) });
  for (const files of [exits, { "app.js": "this is no JavaScript" }]) {
    await upload(server, { name: "ported", port: newPort, files });
    assert.equal((await outcome(server, "ported")).status, "failed");
    assert.equal((await ask(`http://127.0.0.1:${oldPort}`)).text, "v1");
    await assert.rejects(ask(`http://127.0.0.1:${newPort}`), { code: "ECONNREFUSED" });
  }
  await deploy(server, { name: "ported", port: newPort, files: version(2) });
  await eventually(async () => assert.equal((await ask(`http://127.0.0.1:${newPort}`)).text, "v2"));
});

test("an update of a stopped function that fails leaves it stopped", async () => {
  await deploy(server, { name: "asleep", files: version(1) });
  assert.equal((await post("/api/functions/asleep/stop")).status, 200);
  await upload(server, { name: "asleep", files: exits });
  const { status, error } = await outcome(server, "asleep");
  assert.equal(status, "stopped");
  assert.match(error ?? "", /code 7.*stays stopped/);
  await eventually(async () => assert.deepEqual(await containersOf("asleep"), []));
  await post("/api/functions/asleep/start");
  await eventually(async () => assert.equal((await server.call("asleep")).text, "v1"));
});

test("an app that listens and then ends, over and over, is backed off, answers 503, says so, and recovers by itself", async () => {
  const cause = "./cause:/cause";
  const looping = appFiles(
    `response.end("fine")`,
    `const { existsSync } = require("node:fs");
if (!existsSync("/cause/mended")) setTimeout(() => { console.error("the database is away"); process.exit(1); }, 300);`,
  );
  await deploy(server, { name: "loop", files: looping, volume: cause });
  await eventually(async () => assert.ok(((await view("loop")).instances[0]?.restart_count ?? 0) >= 4), 30_000);
  await eventually(async () => assert.equal((await view("loop")).status, "failed"));
  const answer = await server.call("loop");
  assert.equal(answer.status, 503, answer.text);
  assert.ok(answer.headers["retry-after"]);
  assert.match((await view("loop")).instances[0]?.last_log_tail ?? "", /the database is away/);
  assert.match((await server.api({ path: "/function/logs/loop" })).text, /the database is away/);
  assert.ok((await containersOf("loop")).length <= 1);
  await writeFile(join(server.dataDir, "volumes/default/loop/cause/mended"), "");
  await eventually(async () => assert.equal((await view("loop")).status, "running"), 60_000);
  assert.equal((await server.call("loop")).text, "fine");
  assert.equal((await containersOf("loop")).length, 1);
});

test("of six versions the images of the last five are kept, and a rollback to the oldest of them works", async () => {
  const port = freePort();
  for (let n = 1; n <= 6; n += 1) await deploy(server, { name: "many", port, files: version(n) });
  await eventually(async () => assert.equal((await view("many")).images.length, 5));
  const oldest = (await deployments("many"))[4];
  assert.equal((await post("/api/functions/many/rollback", { deployment_id: oldest?.id })).status, 200);
  await eventually(async () => assert.equal((await server.call("many")).text, "v2"));
});

test("a stop-first redeploy under load loses no request, and neither does one whose new version fails", async () => {
  const data = { name: "data", port: freePort(), volume: "./data:/data" };
  await deploy(server, { ...data, files: version(1) });
  const load = startLoad(server.port, "data.localhost");
  await deploy(server, { ...data, files: version(2) });
  await upload(server, { ...data, files: exits });
  assert.equal((await outcome(server, "data")).status, "failed");
  await eventually(async () => assert.equal((await server.call("data")).text, "v2"));
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.deepEqual(Object.keys(report.bodies).toSorted(), ["v1", "v2"]);
  assert.equal((await containersOf("data")).length, 1);
});

test("a function whose image and container are removed by hand is built again from its source and serves", async () => {
  await deploy(server, { name: "lost", files: version(1) });
  const [{ image } = { image: "" }] = await deployments("lost");
  const [container] = await containersOf("lost");
  await server.engine.getImage(image).remove({ force: true });
  await server.engine.getImage(`${server.prefix}-lost`).remove({ force: true });
  await server.engine.getContainer(container?.Id ?? "").remove({ force: true });
  await eventually(async () => assert.equal((await server.call("lost")).text, "v1"), 30_000);
  assert.equal((await view("lost")).status, "running");
});
