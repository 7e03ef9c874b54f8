/** The doors of backup and restore; what is in an archive is tested in test/backup/. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, failsOn } from "./asking.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

const restore = (payload: Buffer | string, type: string) => ({
  ...{ method: "POST" as const, url: "/api/system/restore", payload, headers: { "content-type": type } },
});

test("what is no backup is refused, by its type or by its content, and leaves nothing", async () => {
  await failsOn(bench, restore("{}", "application/json"), 415, "unsupported_media_type");
  await failsOn(bench, restore("a=1", "text/plain"), 415, "unsupported_media_type");
  await failsOn(bench, { method: "POST", url: "/api/system/restore" }, 415, "unsupported_media_type");
  await failsOn(bench, restore("no archive", "application/gzip"), 400, "invalid");
  await failsOn(bench, restore(gzipSync("no archive"), "application/gzip"), 400, "invalid");
  await failsOn(bench, restore("", "application/octet-stream"), 400, "invalid");
  const left = (await readdir(join(bench.folder, "data"))).filter((name) => name.startsWith("restore"));
  assert.deepEqual(left, []);
});

test("a raw body is taken by the restore alone", async () => {
  const answer = await askBench(bench, { ...restore("x", "application/gzip"), url: "/api/system/upgrade" });
  assert.equal(answer.statusCode, 415, answer.body);
});

test("a database that has no file can't be backed up, and says so", async () => {
  await failsOn(bench, { method: "POST", url: "/api/system/backup" }, 503, "unavailable");
});
