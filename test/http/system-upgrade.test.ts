/** What is new, and asking for it: every refusal changes nothing, and what is taken is one private file. */

import assert from "node:assert/strict";
import { chown, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { randomHex } from "../../src/lib/ids.ts";
import { ReleaseFeed } from "../../src/sysinfo/release-feed.ts";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, failsOn } from "./asking.ts";

const SHA = "a".repeat(64);
const plain = (version: string) => ({
  ...{ version, url: "https://example.com/notes", notes: "What is new", published_at: "2026-01-02T03:04:05Z" },
  ...{ tarball: "/slipway.tar.gz", sha256: SHA },
});

/** What the feed answers by path; text is sent as it is. */
let feed: Readonly<Record<string, unknown>> = {};
const server = createServer((request, response) => {
  const document = feed[request.url ?? ""];
  if (document === undefined) response.writeHead(404).end();
  else response.end(typeof document === "string" ? document : JSON.stringify(document));
});
const prefix = join(tmpdir(), `slipway-upgrade-${randomHex(4)}`);
let bench: Bench;
let origin = "";

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  await mkdir(join(prefix, "releases/0.1.0-0"), { recursive: true });
  await symlink("releases/0.1.0-0", join(prefix, "current"));
  const env = { SLIPWAY_RELEASE_URL: `${origin}/releases/latest`, SLIPWAY_CODE_DIR: join(prefix, "current") };
  bench = await openBench({ env });
});
after(async () => {
  await bench.close();
  server.close();
  await rm(prefix, { recursive: true });
});
afterEach(() => rm(staged(), { force: true }));

const staged = (): string => join(bench.folder, "data/upgrade.requested");
const url = "/api/system/upgrade";
const post = (version: unknown) => ({ method: "POST" as const, url, payload: { version } });

test("a release is known once it was looked for, in either form; the same version is no update", async () => {
  assert.equal((await askBench(bench, { url: "/api/system/release" })).body, "null");
  feed = { "/releases/latest": plain("0.1.0") };
  const release = (await askBench(bench, { url: "/api/system/release?refresh=1" })).json();
  assert.deepEqual(Object.keys(release), ["version", "url", "notes", "published_at", "fetched_at"]);
  assert.equal(release.published_at, "2026-01-02T03:04:05.000Z");
  assert.equal((await askBench(bench, { url: "/api/system/about" })).json().update_available, false);
  const asset = { name: "slipway-0.2.0.tar.gz", browser_download_url: `${origin}/t`, digest: `sha256:${SHA}` };
  const gitHub = {
    tag_name: "v0.2.0",
    html_url: "h",
    body: null,
    published_at: "2026-01-02T03:04:05Z",
    assets: [asset],
  };
  feed = { "/releases/latest": gitHub };
  assert.equal((await askBench(bench, { url: "/api/system/release?refresh=1" })).json().version, "0.2.0");
  const about = (await askBench(bench, { url: "/api/system/about" })).json();
  assert.deepEqual([about.update_available, about.latest_release.version], [true, "0.2.0"]);
  assert.equal((await askBench(bench, { url: "/api/system/release" })).json().version, "0.2.0");
});

test("an announcement that makes no sense is 502 and forgets nothing", async () => {
  for (const document of ["<html>", {}, { ...plain("0.3.0"), sha256: "abc" }, { ...plain("next") }]) {
    feed = { "/releases/latest": document };
    await failsOn(bench, { url: "/api/system/release?refresh=1" }, 502, "bad_gateway");
  }
  feed = {};
  await failsOn(bench, { url: "/api/system/release?refresh=1" }, 502, "bad_gateway");
  assert.equal((await askBench(bench, { url: "/api/system/release" })).json().version, "0.2.0");
});

test("an announcement without an end is left after 2 MiB; addresses that are not of the web are none", async () => {
  let sent = 0;
  const endless = createServer((_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, " ");
    const more = (): void => {
      while (!response.destroyed && sent < 2 ** 28) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await new Promise<void>((resolve) => endless.listen(0, "127.0.0.1", resolve));
  const address = endless.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  const look = () => new ReleaseFeed({ url, now: () => 0 }).latest();
  await assert.rejects(look(), /larger than 2 MiB/).finally(() => endless.close());
  assert.ok(sent < 2 ** 26, `${sent} bytes were taken`);
  for (const tarball of ["file:///etc/passwd", "data:application/gzip;base64,AA==", "http://"]) {
    feed = { "/releases/latest": { ...plain("0.3.0"), tarball } };
    await failsOn(bench, { url: "/api/system/release?refresh=1" }, 502, "bad_gateway");
  }
  feed = { "/releases/latest": { ...plain("0.2.0"), url: "javascript:alert(1)" } };
  assert.equal((await askBench(bench, { url: "/api/system/release?refresh=1" })).json().url, "");
});

test("what is no word of the server's is not read as one, and said", async () => {
  const elsewhere = join(prefix, "request");
  const request = { version: "9.9.9", tarballUrl: "http://127.0.0.1/x", sha256: SHA, requestedAt: 0 };
  const paths = { fromVersion: "0.1.0", databasePath: "/x", currentLink: join(prefix, "current") };
  const text = JSON.stringify({ ...request, ...paths });
  await writeFile(elsewhere, text);
  const plants: readonly (() => Promise<void>)[] = [
    () => symlink(elsewhere, staged()),
    () => writeFile(staged(), "garbage"),
    () => writeFile(staged(), text.padEnd(2 ** 20)),
    () => mkdir(staged()),
    ...(process.getuid?.() === 0 ? [() => writeFile(staged(), text).then(() => chown(staged(), 12345, 12345))] : []),
  ];
  for (const plant of plants) {
    await plant();
    const answer = await askBench(bench, { url });
    assert.deepEqual([answer.statusCode, answer.json().error], [400, "invalid"]);
    assert.match(answer.json().remedy, /^Remove it: rm .*upgrade\.requested$/);
    await rm(staged(), { recursive: true });
  }
});

test("versions that can't be upgraded to are refused, each with its own code", async () => {
  feed = { "/releases/latest": plain("0.2.0") };
  for (const version of ["", "1", "1.2", "latest", "1.2.3; rm", "../1.2.3"])
    await failsOn(bench, post(version), 400, "invalid");
  for (const version of [undefined, 7]) await failsOn(bench, post(version), 422, "invalid");
  await failsOn(bench, post("v0.1.0"), 409, "conflict");
  await failsOn(bench, post("0.0.9"), 403, "forbidden");
  await failsOn(bench, post("0.1.0-rc.1"), 403, "forbidden");
  await failsOn(bench, post("0.9.0"), 404, "not_found");
  await assert.rejects(stat(staged()));
  assert.equal((await askBench(bench, { url })).json().state, "idle");
});

test("what is taken is one private file, and only once", async () => {
  feed = { "/releases/latest": plain("0.2.0") };
  const answer = await askBench(bench, post("v0.2.0"));
  assert.equal(answer.statusCode, 202, answer.body);
  assert.deepEqual([answer.json().state, answer.json().target_version], ["queued", "0.2.0"]);
  assert.equal((await stat(staged())).mode & 0o777, 0o600);
  const file = JSON.parse(await readFile(staged(), "utf8"));
  assert.deepEqual([file.version, file.tarballUrl, file.sha256], ["0.2.0", `${origin}/slipway.tar.gz`, SHA]);
  assert.equal(file.currentLink, join(prefix, "current"));
  await failsOn(bench, post("0.2.0"), 409, "conflict");
});

test("an older release than the latest is found by its tag", async () => {
  feed = { "/releases/latest": plain("0.3.0"), "/releases/tags/v0.2.0": plain("0.2.0") };
  assert.equal((await askBench(bench, post("0.2.0"))).json().target_version, "0.2.0");
});

test("no upgrade while a deployment is building, pending or starting", async () => {
  feed = { "/releases/latest": plain("0.2.0") };
  const { deploymentId } = await bench.deployed("busy");
  for (const status of ["building", "pending", "starting"] as const) {
    await bench.database.deployments.update(deploymentId, { status });
    await failsOn(bench, post("0.2.0"), 409, "conflict");
  }
  await bench.database.deployments.update(deploymentId, { status: "healthy" });
  assert.equal((await askBench(bench, post("0.2.0"))).statusCode, 202);
});

test("a run whose process died is failed, one that lives is running and hinders another", async () => {
  feed = { "/releases/latest": plain("0.2.0") };
  const path = join(bench.folder, "data/upgrade.status.json");
  const status = { targetVersion: "0.2.0", startedAt: 5, finishedAt: null, error: null, logTail: "so far" };
  await writeFile(path, JSON.stringify({ state: "running", ...status, pid: process.pid }));
  assert.equal((await askBench(bench, { url })).json().state, "running");
  await failsOn(bench, post("0.2.0"), 409, "conflict");
  // Above the largest pid there can be.
  await writeFile(path, JSON.stringify({ state: "running", ...status, pid: 2 ** 22 + 1 }));
  const view = (await askBench(bench, { url })).json();
  assert.deepEqual([view.state, view.log_tail, view.started_at], ["failed", "so far", "1970-01-01T00:00:00.005Z"]);
  assert.match(view.error, /interrupted/);
  await rm(path);
});

test("settings are kept, and unknown ones named", async () => {
  const settings = "/api/system/settings";
  assert.deepEqual((await askBench(bench, { url: settings })).json(), { auto_update: false });
  const patch = (payload: object) => ({ method: "PATCH" as const, url: settings, payload });
  assert.deepEqual((await askBench(bench, patch({ auto_update: true }))).json(), { auto_update: true });
  assert.deepEqual((await askBench(bench, patch({}))).json(), { auto_update: true });
  await failsOn(bench, patch({ auto_update: "yes" }), 422, "invalid");
  const { body } = await failsOn(bench, patch({ colour: 1 }), 422, "invalid");
  assert.match(JSON.stringify(body), /colour/);
});

test("without a feed, or without an installation, it says what is missing", async () => {
  const bare = await openBench();
  try {
    assert.equal((await askBench(bare, { url: "/api/system/release" })).body, "null");
    await failsOn(bare, { url: "/api/system/release?refresh=1" }, 409, "not_ready");
    await failsOn(bare, post("0.2.0"), 409, "not_ready");
  } finally {
    await bare.close();
  }
});
