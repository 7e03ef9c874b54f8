/** Backup and restore of a whole server on a real engine, while functions are asked all the time. */

import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { startLoad } from "../support/load.ts";
import { done, json, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

let server: TestServer;
let archive = "";

const READ_SECRET = `response.end(require("node:fs").readFileSync("/secrets/token", "utf8"))`;
/** Keeps what the query says in its volume, and answers what is there. */
const KEEP = `const fs = require("node:fs"); const [, text] = request.url.split("?");
if (text) fs.writeFileSync("/keep/text", text); response.end(fs.readFileSync("/keep/text", "utf8"))`;

before(async () => {
  server = await TestServer.start();
  archive = join(server.folder, "all.tar.gz");
  await addTinyRuntime(server);
  await deploy(server, { name: "steady", files: appFiles(`setTimeout(() => response.end("steady"), 3)`) });
  await deploy(server, { name: "changing", files: appFiles(`response.end("v1")`) });
  await setSecret("one");
  await deploy(server, { name: "secretive", files: appFiles(READ_SECRET) });
  await deploy(server, { name: "keeper", files: appFiles(KEEP), volume: "kept:/keep" });
  assert.equal((await server.call("keeper", { path: "/?first" })).text, "first");
});
after(() => server.close());

async function setSecret(value: string): Promise<void> {
  const path = "/api/secrets/token?function=secretive";
  const headers = { "content-type": "application/json" };
  const answer = await server.api({ method: "PUT", path, headers, body: JSON.stringify({ value }) });
  assert.ok(answer.status < 300, answer.text);
}

async function answers(name: string, text: string): Promise<void> {
  await eventually(async () => assert.equal((await server.call(name)).text, text), 60_000);
}

test("a backup under load is one private file; a second one does not replace it by itself", async () => {
  const load = startLoad(server.port, "steady.localhost");
  const { bytes } = await json<{ bytes: number }>(server, ["backup", archive, "--volumes"]);
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  const { size, mode } = await stat(archive);
  assert.deepEqual([size, mode & 0o777], [bytes, 0o600]);
  const again = await slipway(server, ["backup", archive]);
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /is there already/);
  await done(server, ["backup", archive, "--volumes", "--force"]);
  assert.deepEqual(
    (await readdir(server.dataDir)).filter((name) => name.startsWith("backup.tmp")),
    [],
  );
});

test("a restore under load brings everything back: functions, secrets, volumes; what was never touched loses no request", async (t) => {
  const passkey = await server.passkey();
  await deploy(server, { name: "changing", files: appFiles(`response.end("v2")`) });
  await deploy(server, { name: "later" });
  await setSecret("two");
  await answers("secretive", "two");
  assert.equal((await server.call("keeper", { path: "/?second" })).text, "second");

  const load = startLoad(server.port, "steady.localhost");
  t.after(() => load.end());
  const restored = await json<{ previous: string; has_volumes: boolean }>(server, ["restore", archive, "--yes"]);
  assert.equal(restored.has_volumes, true);
  await answers("changing", "v1");
  await answers("secretive", "one");
  await answers("keeper", "first");
  assert.equal((await server.api({ path: "/api/functions/later" })).status, 404);
  const report = await load.end();
  assert.deepEqual(report.lost, {}, `${report.sent} sent`);
  assert.ok(report.sent > 100);

  assert.equal(await server.passkey(), passkey);
  await eventually(async () => {
    const containers = await server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-`] } });
    assert.equal(containers.length, 4, containers.flatMap(({ Names }) => Names).join());
  }, 60_000);
  const kept = await readFile(join(server.dataDir, restored.previous, "volumes/default/keeper/kept/text"), "utf8");
  assert.equal(kept, "second", "what was there before is kept");
  assert.equal((await server.call("keeper", { path: "/?third" })).text, "third", "and it goes on from there");
});

test("what is no sound backup is refused with nothing changed", async () => {
  const bytes = await readFile(archive);
  const bad = {
    cut: bytes.subarray(0, bytes.length - 100),
    flipped: Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 0xff : byte))),
    text: Buffer.from("no archive"),
  };
  const control = await server.controlPid();
  for (const [name, content] of Object.entries(bad)) {
    const path = join(server.folder, name);
    await writeFile(path, content);
    const { exitCode, stderr } = await slipway(server, ["restore", path, "--yes"]);
    assert.equal(exitCode, 1, name);
    assert.match(stderr, /backup/, name);
  }
  const left = (await readdir(server.dataDir)).filter((name) => /^restore\.(staging|pending)/.test(name));
  assert.deepEqual(left, []);
  assert.equal(await server.controlPid(), control);
  await answers("keeper", "third");
});

test("offline: refused while the server runs, and taken by a fresh data folder when none does", async () => {
  const offline = ["restore", archive, "--yes", "--data-dir"];
  const env = { SLIPWAY_PASSFILE: join(server.folder, ".passfile") };
  const refused = await slipway(server, [...offline, server.dataDir], { env });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /is using the data directory/);
  await server.stop();
  await done(server, [...offline, server.dataDir], { env });
  await server.run();
  await answers("changing", "v1");
  await answers("secretive", "one");
  await answers("keeper", "first");
  const fresh = join(server.folder, "fresh");
  await done(server, [...offline, fresh], { env: { SLIPWAY_PASSFILE: join(server.folder, "other-passfile") } });
  assert.deepEqual(
    (await readdir(fresh)).filter((name) => ["master.key", "slipway.db", "sources"].includes(name)).toSorted(),
    ["master.key", "slipway.db", "sources"],
  );
  await chmod(fresh, 0o700);
});

test("SIGKILL right after a restore was taken up leaves the restored state", async () => {
  await deploy(server, { name: "changing", files: appFiles(`response.end("v3")`) });
  const headers = { "content-type": "application/gzip" };
  const answer = await server.api({
    method: "POST",
    path: "/api/system/restore",
    headers,
    body: await readFile(archive),
  });
  assert.equal(answer.status, 202, answer.text);
  await server.killHolder({ andControl: true });
  await server.run();
  await answers("changing", "v1");
  await answers("secretive", "one");
});
