import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleDeployment, sampleService } from "../../test/contract/database/sample-records.ts";
import type { Deployment } from "./deployment.ts";
import { latestUpload, uploadError, uploadStatus } from "./status-words.ts";

const running = sampleService("s", "p", { status: "running", activeDeploymentId: "old", localPort: 1, tag: "t:1" });
const stopped = { ...running, status: "stopped", desired: "stopped" } as const;
const old = sampleDeployment("old", "s", { status: "healthy", healthyAt: 10 });
const upload = (status: Deployment["status"]): Deployment =>
  sampleDeployment("new", "s", {
    status,
    isHeld: false,
    finishedAt: 20,
    failureReason: status === "failed" ? "it broke" : null,
  });

test("lambdaathome's word speaks of the latest upload, also while the function is stopped", () => {
  for (const [status, whileRunning, whileStopped] of [
    ["building", "building", "building"],
    ["pending", "starting", "starting"],
    ["starting", "starting", "starting"],
    ["failed", "failed", "stopped"],
    ["cancelled", "running", "stopped"],
    ["superseded", "running", "stopped"],
  ] as const) {
    assert.equal(uploadStatus(running, upload(status), old), whileRunning);
    assert.equal(uploadStatus(stopped, upload(status), old), whileStopped);
  }
  assert.equal(uploadStatus(running, old, old), "running");
  assert.equal(uploadStatus({ ...running, status: "failed" }, old, old), "failed");
  assert.equal(uploadStatus(running, upload("failed"), { ...old, healthyAt: 30 }), "running", "rolled back since");
});

test("a failed upload says why, and what became of the version before", () => {
  assert.equal(uploadError(running, upload("failed"), old), "it broke (the version before it keeps serving)");
  assert.equal(uploadError(stopped, upload("failed"), old), "it broke (the function stays stopped)");
  assert.equal(uploadError(running, old, old), null);
  assert.equal(uploadError(stopped, old, old), null);
});

test("port, tag and volumes of an upload are shown while it is coming; else what the function has", () => {
  const { localPort, tag } = latestUpload(running, upload("building"));
  assert.deepEqual([localPort, tag], [9002, "hello:1"]);
  assert.equal(latestUpload(running, { ...upload("building"), localPort: null }).localPort, 1);
  assert.equal(latestUpload(running, upload("failed")).localPort, 1);
  assert.equal(latestUpload(running, undefined).localPort, 1);
});

test("what is only built changes nothing of what is said of the function that serves, or never did", () => {
  const built = sampleDeployment("new", "s", { status: "built", isHeld: true });
  assert.equal(uploadStatus(running, built, old), "running");
  assert.equal(uploadStatus(stopped, built, old), "stopped");
  assert.equal(uploadStatus({ ...running, status: "created" }, built, undefined), "stopped");
  assert.equal(uploadError(running, built, old), null);
  assert.equal(latestUpload(running, built).localPort, 1);
  assert.equal(latestUpload(running, { ...built, status: "building" }).localPort, 1);
});
