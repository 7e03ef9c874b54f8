import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LocalStore } from "./local-store.ts";

test("a secret for a build has the same version until it is set anew, with the same value too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-store-"));
  try {
    const store = new LocalStore(folder);
    await store.set("hello", "token", Buffer.from("one"));
    const first = await store.readSecret("hello", "token");
    assert.equal(Buffer.from(first.value).toString(), "one");
    assert.deepEqual(await store.readSecret("hello", "token"), first);
    await store.set("hello", "token", Buffer.from("one"));
    assert.notEqual((await store.readSecret("hello", "token")).version, first.version);
    await assert.rejects(store.readSecret("hello", "other"), {
      code: "not_found",
      remedy: /secret set -l hello other/,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
