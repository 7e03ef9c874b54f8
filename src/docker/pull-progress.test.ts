import assert from "node:assert/strict";
import { test } from "node:test";
import { PullProgress } from "./pull-progress.ts";

test("thousands of steps of many layers are a few lines a second, and the end of all layers is told", () => {
  let now = 0;
  const progress = new PullProgress(() => now);
  const lines: string[] = [];
  const take = (step: Parameters<PullProgress["take"]>[0]): void => void lines.push(progress.take(step) ?? "");
  take({ id: "16", status: "Pulling from library/postgres" });
  for (let layer = 0; layer < 10; layer += 1) take({ id: `l${layer}`, status: "Pulling fs layer" });
  for (let step = 1; step <= 1000; step += 1) {
    now += 2;
    const progressDetail = { current: step * 1000, total: 1_000_000 };
    for (let layer = 0; layer < 10; layer += 1) take({ id: `l${layer}`, status: "Downloading", progressDetail });
  }
  for (let layer = 0; layer < 10; layer += 1) take({ id: `l${layer}`, status: "Pull complete" });
  take({ status: "Digest: sha256:12" });
  const told = lines.filter((line) => line !== "");
  assert.equal(told[0], "Pulling from library/postgres");
  assert.equal(told[1], "0 of 10 layers done, 2.5 of 10.0 MB downloaded");
  assert.deepEqual(told.slice(-2), ["10 of 10 layers done, 10.0 of 10.0 MB downloaded", "Digest: sha256:12"]);
  assert.equal(told.length, 7);
});
