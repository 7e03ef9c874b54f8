import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleDeployment } from "../../test/contract/database/sample-records.ts";
import type { DeploymentStatus } from "./deployment.ts";
import { deploymentsToForget, imagesToKeep, listenPorts, rollbackTarget } from "./rollout.ts";

function history(...statuses: readonly DeploymentStatus[]) {
  return statuses.map((status, i) =>
    sampleDeployment(`d${i + 1}`, "s", {
      status,
      createdAt: i + 1,
      image: `image:${i + 1}`,
      configHash: `hash ${i + 1}`,
      healthyAt: status === "healthy" || status === "superseded" ? i + 1 : null,
    }),
  );
}

test("images kept: what serves, what comes up, then the newest that once served; what never served takes no place", () => {
  const all = history("superseded", "superseded", "superseded", "healthy", "failed", "failed", "failed", "pending");
  assert.deepEqual(imagesToKeep(all, "d4", 5), ["image:4", "image:8", "image:3", "image:2", "image:1"]);
  assert.deepEqual(imagesToKeep(all, "d4", 3), ["image:4", "image:8", "image:3"]);
  assert.deepEqual(imagesToKeep(history("failed"), null, 5), ["image:1"]);
});

test("an image that several deployments share is counted once", () => {
  const [one, two, three] = history("superseded", "superseded", "healthy");
  assert.ok(one && two && three);
  assert.deepEqual(imagesToKeep([one, { ...two, image: "image:3" }, three], "d3", 2), ["image:3", "image:1"]);
});

test("forgotten is only what is old, over, and has no image kept for rollback", () => {
  const all = history("healthy", "starting", "superseded", "superseded", "failed", "cancelled", "failed");
  const forget = (images: readonly string[]) => deploymentsToForget(all, "d1", images, 1).map((d) => d.id);
  assert.deepEqual(forget([]), ["d6", "d5", "d4", "d3"]);
  assert.deepEqual(forget(["image:3", "image:5"]), ["d6", "d5", "d4"]);
  assert.deepEqual(deploymentsToForget(all, "d1", [], 7), []);
});

test("a rollback goes to the newest that served before the active one, not to a copy of that", () => {
  const all = history("superseded", "superseded", "failed", "superseded", "healthy", "superseded");
  const target = (activeId: string | null, list = all) => rollbackTarget(list, activeId)?.id;
  assert.equal(target("d5"), "d4");
  assert.equal(
    target(
      "d5",
      all.map((d) => (d.id === "d4" ? { ...d, configHash: "hash 5" } : d)),
    ),
    "d2",
  );
  assert.equal(target("d1"), undefined);
  assert.equal(target(null), "d6");
});

test("of an image service a copy is what has image and settings alike, and another variable is a way back", () => {
  const [one, two, three] = history("superseded", "superseded", "healthy").map((d) => ({
    ...d,
    configHash: null,
    image: "nginx@sha256:1",
  }));
  assert.ok(one && two && three);
  assert.equal(rollbackTarget([{ ...one, env: { A: "1" } }, two, three], "d3")?.id, "d1");
  assert.equal(rollbackTarget([one, { ...two, image: "nginx@sha256:2" }, three], "d3")?.id, "d2");
  assert.equal(rollbackTarget([one, two, three], "d3"), undefined);
});

test("a port its owner names is the only one looked at; else what image, runtime and upload say, each once", () => {
  const known = { port: null, exposedPort: undefined, runtimePort: undefined, localPort: null };
  assert.deepEqual(listenPorts(known), [8080]);
  assert.deepEqual(
    listenPorts({ ...known, exposedPort: 3000, runtimePort: 8080, localPort: 9002 }),
    [3000, 8080, 9002],
  );
  assert.deepEqual(listenPorts({ ...known, port: 5000, exposedPort: 3000 }), [5000]);
});

test("what is built and waits keeps its image and is not forgotten; what is superseded unserved is", () => {
  const all = history("healthy", "built", "failed", "failed", "failed");
  assert.deepEqual(imagesToKeep(all, "d1", 5), ["image:1", "image:2", "image:5"]);
  assert.deepEqual(
    deploymentsToForget(all, "d1", [], 1).map((d) => d.id),
    ["d4", "d3"],
  );
  const [first, second] = history("superseded", "healthy");
  assert.ok(first && second);
  assert.deepEqual(imagesToKeep([{ ...first, healthyAt: null }, second], "d2", 5), ["image:2"]);
  assert.equal(rollbackTarget([{ ...first, healthyAt: null }, second], "d2"), undefined);
});
