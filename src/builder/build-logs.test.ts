import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FileBuildLogs } from "./build-logs.ts";

let folder = "";
let logs: FileBuildLogs;
const never = new AbortController().signal;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-logs-"));
  logs = await FileBuildLogs.open(folder, { warn: (_, message) => assert.fail(message) });
});
after(() => rm(folder, { recursive: true, force: true }));

async function followAll(id: string, signal = never): Promise<string> {
  let text = "";
  for await (const chunk of logs.follow(id, signal)) text += chunk;
  return text;
}

test("what was appended is read back in order", async () => {
  for (let i = 0; i < 50; i += 1) logs.append("order", `${i}\n`);
  assert.equal(await logs.read("order"), Array.from({ length: 50 }, (_, i) => `${i}\n`).join(""));
  await logs.end("order");
});

test("a log that does not exist is empty, and a removed one too", async () => {
  assert.equal(await logs.read("none"), "");
  logs.append("gone", "x");
  await logs.end("gone");
  await logs.remove("gone");
  await logs.remove("gone");
  assert.equal(await logs.read("gone"), "");
});

test("a follower gets what is stored, then what comes, then ends", async () => {
  logs.append("live", "one\n");
  const following = followAll("live");
  logs.append("live", "zwei ü\n");
  logs.append("live", "three\n");
  await logs.end("live");
  assert.equal(await following, "one\nzwei ü\nthree\n");
});

test("a follower may come before the first line", async () => {
  const following = followAll("early");
  logs.append("early", "x\n");
  await logs.end("early");
  assert.equal(await following, "x\n");
});

test("following a log that has ended gives it whole and ends, also for another process", async () => {
  logs.append("ended", "x\n");
  await logs.end("ended");
  assert.equal(await followAll("ended"), "x\n");
  const other = await FileBuildLogs.open(folder, { warn: () => undefined });
  let text = "";
  for await (const chunk of other.follow("ended", never)) text += chunk;
  assert.equal(text, "x\n");
});

test("aborting ends a follower", async () => {
  const abort = new AbortController();
  logs.append("abort", "x\n");
  const seen: string[] = [];
  for await (const chunk of logs.follow("abort", abort.signal)) {
    seen.push(chunk);
    abort.abort();
  }
  assert.deepEqual(seen, ["x\n"]);
  await logs.end("abort");
});

test("a log without an end is cut", async () => {
  const chunk = "x".repeat(1024 * 1024);
  for (let i = 0; i < 20; i += 1) logs.append("endless", chunk);
  await logs.end("endless");
  const text = await logs.read("endless");
  assert.ok(text.length < 17 * 1024 * 1024);
  assert.match(text.slice(-100), /too long/);
});

test("an id that is no id never becomes a path", async () => {
  await assert.rejects(() => logs.read("../x"), { code: "not_found" });
});

test("the builds that have a log are listed", async () => {
  logs.append("listed", "x");
  await logs.end("listed");
  assert.ok((await logs.list()).includes("listed"));
  await logs.remove("listed");
  assert.ok(!(await logs.list()).includes("listed"));
});
