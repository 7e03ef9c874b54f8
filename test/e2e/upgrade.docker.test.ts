/**
 * Upgrades of an installed server, with everything real but systemd, whose part the test plays: a feed over HTTP, tarballs
 * as script/release packs them, the run beside the server, and functions that are asked all the time.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type RunResult, run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { startLoad } from "../support/load.ts";
import { json, REPOSITORY, RunningCommand } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, outcome, upload } from "./uploads.ts";

const LIMIT_MS = 120_000;
const published = new Map<string, Uint8Array>();
const feed = createServer((request, response) => {
  const bytes = published.get(request.url ?? "");
  if (bytes === undefined) response.writeHead(404).end();
  else response.end(bytes);
});

let folder = "";
let present = "";
let server: TestServer;

type Status = { readonly state: string; readonly error: string | null; readonly log_tail: string | null };
type About = { readonly slipway: { readonly version: string; readonly started_at: string } };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-upgrade-"));
  await new Promise<void>((resolve) => feed.listen(0, "127.0.0.1", resolve));
  const address = feed.address();
  const port = typeof address === "object" ? address?.port : 0;
  await ok("script/install", ["--root", folder, "--no-bootstrap", "--no-service"]);
  present = JSON.parse(await readFile(join(REPOSITORY, "package.json"), "utf8")).version;
  server = await TestServer.start({
    bin: join(current(), "bin/slipway"),
    env: { SLIPWAY_CODE_DIR: current(), SLIPWAY_RELEASE_URL: `http://127.0.0.1:${port}/latest.json` },
  });
  await addTinyRuntime(server);
  await deploy(server, { name: "steady", files: appFiles(`setTimeout(() => response.end("steady"), 3)`) });
});
after(async () => {
  await server?.close();
  feed.close();
  await rm(folder, { recursive: true, force: true });
});

const current = (): string => join(folder, "opt/slipway/current");
const dataFile = (name: string): string => join(server.dataDir, name);
const servingVersion = async (): Promise<string> =>
  (await server.api({ path: "/api/system/about" })).json<About>().slipway.version;
const status = async (): Promise<Status> => (await server.api({ path: "/api/system/upgrade" })).json<Status>();

async function ok(file: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(file, args, { timeoutMs: LIMIT_MS, cwd: REPOSITORY });
  assert.equal(exitCode, 0, stderr);
}

/** Announces a release made of this program's own files, changed by `change`. */
async function publish(
  version: string,
  change: (folder: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const copy = join(folder, `copy-${version}`);
  await ok("cp", ["-a", `${current()}/`, copy]);
  await rm(join(copy, ".tools"), { recursive: true });
  const manifest = await readFile(join(copy, "package.json"), "utf8");
  await writeFile(join(copy, "package.json"), manifest.replace(/"version": "[^"]+"/, `"version": "${version}"`));
  await change(copy);
  const tarball = join(folder, `slipway-${version}.tar.gz`);
  await ok("tar", ["-C", copy, "-czf", tarball, "."]);
  await rm(copy, { recursive: true });
  announce(version, await readFile(tarball));
}

function announce(version: string, bytes: Uint8Array, sha256 = createHash("sha256").update(bytes).digest("hex")): void {
  const document = { version, published_at: "2026-01-01T00:00:00Z", tarball: `${version}.tar.gz`, sha256 };
  published.set("/latest.json", Buffer.from(JSON.stringify(document)));
  published.set(`/${version}.tar.gz`, bytes);
}

async function request(version: string) {
  const headers = { "content-type": "application/json" };
  return server.api({ method: "POST", path: "/api/system/upgrade", headers, body: JSON.stringify({ version }) });
}

/** What the systemd unit does. */
function runUnit(...args: readonly string[]): Promise<RunResult> {
  const program = join(current(), "bin/slipway");
  const all = ["upgrade", "--run", "--data-dir", server.dataDir, ...args];
  return run(program, all, { timeoutMs: LIMIT_MS, env: server.cliEnv });
}

test("an upgrade under load loses no request: new control, new workers, the same functions, the database backed up", async (t) => {
  const old = { link: await readlink(current()), version: present, workers: await server.workerPids() };
  await publish("7.0.0");
  const load = startLoad(server.port, "steady.localhost");
  t.after(() => load.end());
  const person = RunningCommand.start(server, ["upgrade"]);
  await eventually(() => stat(dataFile("upgrade.requested")), 20_000);
  assert.equal((await stat(dataFile("upgrade.requested"))).mode & 0o777, 0o600);
  assert.equal((await request("7.0.0")).status, 409, "one is queued already");
  const { exitCode, stderr } = await runUnit();
  assert.equal(exitCode, 0, stderr);
  await person.writes(/The server is 7\.0\.0 now/);
  assert.equal(await servingVersion(), "7.0.0");
  await eventually(async () => {
    const now = await server.workerPids();
    assert.ok(now.length > 0 && old.workers.every((pid) => !now.includes(pid)), "an old worker is still there");
  }, 45_000);
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.ok(report.sent > 200);
  assert.match(await readlink(current()), /^releases\/7\.0\.0-[0-9a-f]{12}$/);
  assert.ok((await stat(join(folder, "opt/slipway", old.link))).isDirectory(), "the one before stays");
  assert.ok((await readdir(dataFile("backups"))).some((name) => name.endsWith(`-${old.version}.db`)));
  const view = await status();
  assert.deepEqual([view.state, view.error], ["done", null]);
  assert.match(view.log_tail ?? "", /7\.0\.0 serves/);
  const left = (await readdir(server.dataDir)).filter((name) => /^upgrade\.(requested|running)$/.test(name));
  assert.deepEqual(left, []);
});

test("a release that does not come up is taken back, says why, and loses no request either", async (t) => {
  const link = await readlink(current());
  const broken = 'throw new Error("broken on purpose");\n';
  await publish("7.1.0", (copy) => writeFile(join(copy, "src/main/control-process.ts"), broken));
  const load = startLoad(server.port, "steady.localhost");
  t.after(() => load.end());
  assert.equal((await request("7.1.0")).status, 202);
  const { exitCode, stderr } = await runUnit("--ready-limit", "4");
  assert.equal(exitCode, 1);
  assert.match(stderr, /7\.1\.0 is not ready/);
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.equal(await readlink(current()), link);
  assert.equal(await servingVersion(), "7.0.0");
  const view = await status();
  assert.equal(view.state, "failed");
  assert.match(view.error ?? "", /7\.1\.0 is not ready after 4 s/);
  assert.match(view.log_tail ?? "", /7\.0\.0 serves again/);
  assert.ok(!(await readdir(join(folder, "opt/slipway/releases"))).some((name) => name.startsWith("7.1.0")));
});

test("a release whose gateway workers do not listen is no success, however well its control is", async (t) => {
  const link = await readlink(current());
  await publish("7.1.1", (copy) =>
    writeFile(join(copy, "src/main/worker-process.ts"), "setInterval(() => undefined, 1000);\n"),
  );
  const load = startLoad(server.port, "steady.localhost");
  t.after(() => load.end());
  assert.equal((await request("7.1.1")).status, 202);
  const runs = await Promise.all([runUnit("--ready-limit", "6"), runUnit("--ready-limit", "6")]);
  assert.deepEqual(
    runs.map(({ exitCode }) => exitCode),
    [1, 1],
  );
  const said = runs.map(({ stderr }) => stderr).join();
  assert.match(said, /7\.1\.1 is not ready after 6 s/);
  assert.match(said, /being carried out already/, "of two runs at once one does it");
  assert.deepEqual((await load.end()).lost, {});
  assert.equal(await readlink(current()), link);
  const view = await status();
  assert.equal(view.state, "failed");
  assert.match(view.log_tail ?? "", /7\.0\.0 serves again/);
  assert.equal(await servingVersion(), "7.0.0");
});

test("a database that the broken release has changed comes back as it was", async () => {
  const breaking = `import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(process.env.SLIPWAY_DATA_DIR + "/slipway.db");
database.exec("INSERT OR IGNORE INTO _migrations VALUES (9999, 'of the future', 0); DELETE FROM services;");
throw new Error("broken on purpose");\n`;
  await publish("7.2.0", (copy) => writeFile(join(copy, "src/main/control-process.ts"), breaking));
  assert.equal((await request("7.2.0")).status, 202);
  assert.equal((await runUnit("--ready-limit", "4")).exitCode, 1);
  assert.equal((await status()).state, "failed");
  assert.equal(await servingVersion(), "7.0.0");
  assert.equal((await server.api({ path: "/api/functions/steady" })).status, 200);
  assert.equal((await server.call("steady")).text, "steady");
});

test("a tarball that is not the announced one, or is none, changes nothing", async () => {
  const link = await readlink(current());
  const control = await server.controlPid();
  const cases: readonly (readonly [string, Uint8Array, string | undefined, RegExp])[] = [
    ["8.0.0", Buffer.from("x"), "0".repeat(64), /SHA-256/],
    ["8.0.1", Buffer.from("no archive"), undefined, /can't be unpacked/],
    ["8.0.2", await readFile(join(folder, "slipway-7.0.0.tar.gz")), undefined, /says that it is 7\.0\.0/],
  ];
  for (const [version, bytes, sha256, reason] of cases) {
    announce(version, bytes, sha256);
    assert.equal((await request(version)).status, 202);
    assert.equal((await runUnit()).exitCode, 1);
    const view = await status();
    assert.equal(view.state, "failed");
    assert.match(view.error ?? "", reason);
  }
  assert.equal(await readlink(current()), link);
  assert.equal(await server.controlPid(), control, "it was not even reloaded");
  const left = (await readdir(join(folder, "opt/slipway/releases"))).filter((name) => name.startsWith("."));
  assert.deepEqual(left, []);
});

test("a run that was killed after the switch is taken to its end by the next one", async () => {
  await publish("7.3.0");
  assert.equal((await request("7.3.0")).status, 202);
  const controller = new AbortController();
  const program = join(current(), "bin/slipway");
  const killed = run(program, ["upgrade", "--run", "--data-dir", server.dataDir], {
    ...{ timeoutMs: LIMIT_MS, env: server.cliEnv, signal: controller.signal },
    onStderr: (chunk) => {
      if (chunk.includes("switched to")) controller.abort();
    },
  });
  await assert.rejects(killed);
  assert.match(await readlink(current()), /7\.3\.0/);
  await eventually(async () => assert.equal((await status()).state, "failed"));
  const { exitCode, stderr } = await runUnit();
  assert.equal(exitCode, 0, stderr);
  assert.equal(await servingVersion(), "7.3.0");
  assert.equal((await status()).state, "done");
});

test("no upgrade during a deployment, and none is waited for by the request", async () => {
  await publish("7.4.0");
  const files = appFiles(`response.end("slow")`, "const until = Date.now() + 3000; while (Date.now() < until);");
  assert.equal((await upload(server, { name: "slow", files })).status, 200);
  const answer = await request("7.4.0");
  assert.equal(answer.status, 409, answer.text);
  assert.match(answer.text, /under way/);
  assert.equal((await outcome(server, "slow")).status, "running");
  assert.equal((await request("7.4.0")).status, 202);
  assert.equal((await runUnit()).exitCode, 0);
  assert.equal(await servingVersion(), "7.4.0");
  assert.ok((await readdir(join(folder, "opt/slipway/releases"))).length <= 4, "old releases go");
  const about = await json<{ update_available: boolean }>(server, ["upgrade", "--check"]);
  assert.equal(about.update_available, false);
});
