import assert from "node:assert/strict";
import { test } from "node:test";
import { replicasOf } from "./accept-upload.ts";

test("a deploy's scale: what the manifest newly asks for, else what the function was scaled to, else one", () => {
  for (const [scaled, previous, declared, expected, why] of [
    [undefined, undefined, null, 1, "a new function"],
    [undefined, undefined, 3, 3, "a new function whose manifest asks for 3"],
    [null, null, null, 1, "never scaled, nothing asked for"],
    [null, 2, 2, 2, "never scaled: the manifest says"],
    [5, null, null, 5, "scaled, nothing asked for"],
    [5, 2, 2, 5, "the same manifest again does not undo the owner's scale"],
    [5, 2, 3, 3, "another number than before is news"],
    [5, null, 3, 3, "a number where there was none is news"],
    [5, 2, null, 5, "no number any more is no news"],
    [1, 3, 3, 1, "scaled down, and the same manifest again"],
  ] as const) {
    const service = scaled === undefined ? undefined : { replicas: scaled };
    const before = previous === undefined ? undefined : { declaredReplicas: previous };
    assert.equal(replicasOf(service, before, declared), expected, why);
  }
});
