import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleDeployment, sampleInstance, sampleService } from "../../test/contract/database/sample-records.ts";
import type { ObservedInstance } from "./driver.ts";
import { type InstanceRecord, type Look, slotOf } from "./instance.ts";
import { chooseReplicas } from "./replica-choice.ts";

const NOW = 1_000_000;
const owner = sampleService("s", "p");

/** A ready instance in that slot, started so long ago. */
function ready(replica: number, ageMs: number, patch: Partial<InstanceRecord> = {}): InstanceRecord {
  const slot = slotOf("d", replica);
  const [startedAt, readyAt] = [NOW - ageMs, NOW - ageMs];
  return sampleInstance(slot, owner, {
    ...{ deploymentId: "d", replica, runtimeId: `c${replica}`, state: "ready", startedAt, readyAt },
    ...patch,
  });
}

function chosen(
  replicas: number,
  records: readonly InstanceRecord[],
  looks: readonly (readonly [string, Look])[] = [],
) {
  const observed = records.flatMap((r) => (r.runtimeId === null ? [] : [observe(r.runtimeId)]));
  const input = { now: NOW, records, observed, looks: new Map(looks) };
  return chooseReplicas(sampleDeployment("d", "s", { replicas }), input);
}

function observe(runtimeId: string): ObservedInstance {
  return {
    ...{ runtimeId, name: runtimeId, serviceId: "s", deploymentId: "d", replica: 0, projectSlug: "default" },
    ...{ image: "i", imageId: "sha256:1", state: "running", exitCode: null, wasOomKilled: false },
    ...{ startedAt: NOW, address: null, names: [] },
  };
}

const sick: Look = { isWell: false, port: null, badInRow: 1 };

test("what is too much goes oldest first, whatever its number", () => {
  const three = [ready(0, 3000), ready(1, 60_000), ready(2, 30_000)];
  assert.deepEqual(chosen(3, three), [0, 1, 2]);
  assert.deepEqual(chosen(2, three), [0, 2]);
  assert.deepEqual(chosen(1, three), [0]);
});

test("a sick one goes before all that are well, and before that what is not ready", () => {
  const newest = ready(2, 10);
  const three = [ready(0, 3000), ready(1, 60_000), newest];
  assert.deepEqual(chosen(2, three, [["c2", sick]]), [0, 1]);
  assert.deepEqual(chosen(2, [ready(0, 3000), ready(1, 60_000), { ...newest, restartCount: 4 }]), [0, 1]);
  assert.deepEqual(chosen(2, [ready(0, 3000), ready(1, 60_000), { ...newest, state: "starting" }]), [0, 1]);
  assert.deepEqual(chosen(2, [ready(0, 3000), { ...newest, state: "starting" }], [["c0", sick]]), [0, 2]);
  assert.deepEqual(chosen(1, [ready(0, 3000), { ...newest, state: "starting" }], [["c0", sick]]), [0]);
  assert.deepEqual(
    chosen(1, [
      { ...newest, state: "waiting" },
      { ...ready(0, 9), state: "starting" },
    ]),
    [0],
  );
});

test("one that has ended is no better than one that waits", () => {
  const records = [ready(0, 60_000), ready(1, 10)];
  const input = { now: NOW, records, looks: new Map(), observed: [observe("c0")] };
  assert.deepEqual(chooseReplicas(sampleDeployment("d", "s", { replicas: 1 }), input), [0]);
});

test("missing ones get the lowest free numbers; another deployment's records are nothing", () => {
  assert.deepEqual(chosen(3, [ready(1, 10)]), [0, 1, 2]);
  assert.deepEqual(chosen(2, []), [0, 1]);
  assert.deepEqual(chosen(2, [{ ...ready(0, 10), deploymentId: "other" }]), [0, 1]);
});

test("one that leaves keeps its number to itself; one that went bad and drains holds its place", () => {
  const draining = ready(0, 10, { state: "draining" });
  assert.deepEqual(chosen(2, [draining, ready(1, 10)]), [1, 2]);
  assert.deepEqual(chosen(2, [{ ...draining, nextStartAt: NOW + 1000 }, ready(1, 10)]), [0, 1]);
});
