/** Names of local images. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { latestTag, tagsToForget, timeTag, timeTagsOf } from "./local-tags.ts";

test("an image is called by name and time in seconds", () => {
  assert.equal(latestTag("hello"), "slipway/hello:latest");
  assert.equal(timeTag("hello", 1_700_000_000_999), "slipway/hello:1700000000");
});

test("builds are told by their times, newest first; other tags and other functions are none", () => {
  const tags = ["slipway/a:9", "slipway/a:latest", "slipway/a:10", "slipway/ab:11", "slipway/a:dev-12", "host/a:13"];
  assert.deepEqual(timeTagsOf("a", tags), ["slipway/a:10", "slipway/a:9"]);
});

test("all but the newest five builds can go", () => {
  const tags = [1, 2, 3, 4, 5, 6, 7].map((n) => `slipway/a:${n}`);
  assert.deepEqual(tagsToForget("a", [...tags, "slipway/a:latest"]), ["slipway/a:2", "slipway/a:1"]);
});
