import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { LATENCY_BUCKETS_MS } from "../../src/domain/gateway.ts";
import { Metrics } from "../../src/http/metrics.ts";
import { parseMetrics, type Sample } from "./metrics-text.ts";

const NONE = LATENCY_BUCKETS_MS.map(() => 0).concat(0);

function counted(changes: Partial<Record<number, number>>): readonly number[] {
  return NONE.map((_, i) => changes[i] ?? 0);
}

test("request durations are a histogram: every bucket and +Inf of each service, cumulative, sum and count", async () => {
  const metrics = new Metrics();
  const name = (id: string) => (id === "b" ? 'odd"\\name' : id);
  const last = LATENCY_BUCKETS_MS.length;
  metrics.addGatewayCounts(
    [
      { serviceId: "a", byStatusClass: [0, 0, 3, 0, 0, 0], latencyBuckets: counted({ 0: 2, 3: 1 }), latencySumMs: 12 },
      {
        serviceId: "b",
        byStatusClass: [0, 0, 0, 0, 0, 1],
        latencyBuckets: counted({ [last]: 1 }),
        latencySumMs: 40_000,
      },
    ],
    name,
  );
  const { families } = parseMetrics((await metrics.text()).text);
  const family = families.get("slipway_request_duration_seconds");
  assert.equal(family?.type, "histogram");
  for (const [service, expected, sum] of [
    ["a", LATENCY_BUCKETS_MS.map((_, i) => (i < 3 ? 2 : 3)).concat(3), 0.012],
    ['odd"\\name', LATENCY_BUCKETS_MS.map(() => 0).concat(1), 40],
  ] as const) {
    const samples: readonly Sample[] = family?.samples.filter((sample) => sample.labels.service === service) ?? [];
    const buckets = samples.filter((sample) => sample.name.endsWith("_bucket"));
    assert.deepEqual(
      buckets.map((bucket) => bucket.labels.le),
      [...LATENCY_BUCKETS_MS.map((ms) => String(ms / 1000)), "+Inf"],
    );
    assert.deepEqual(
      buckets.map((bucket) => bucket.value),
      expected,
    );
    const endingIn = (suffix: string) => samples.find((sample) => sample.name.endsWith(suffix))?.value;
    assert.deepEqual([endingIn("_sum"), endingIn("_count")], [sum, expected.at(-1)]);
  }
});

test("what workers counted stays when they end, and only grows", async () => {
  const metrics = new Metrics();
  const report = {
    serviceId: "a",
    byStatusClass: [0, 0, 1, 0, 0, 0],
    latencyBuckets: counted({ 1: 1 }),
    latencySumMs: 2,
  };
  for (let worker = 1; worker <= 3; worker += 1) {
    metrics.addGatewayCounts([report], (id) => id);
    const { families } = parseMetrics((await metrics.text()).text);
    const [requests] = families.get("slipway_requests_total")?.samples ?? [];
    assert.deepEqual([requests?.labels, requests?.value], [{ service: "a", status_class: "2xx" }, worker]);
    const count = families
      .get("slipway_request_duration_seconds")
      ?.samples.find((sample) => sample.name.endsWith("_count"));
    assert.equal(count?.value, worker);
  }
});

test("every metric of ours is in the manual with its labels, and nothing there that is not", async () => {
  const metrics = new Metrics();
  metrics.countBuild("cached");
  metrics.countPass(3, true);
  metrics.diskFree("/data", 5);
  metrics.addGatewayCounts(
    [{ serviceId: "a", byStatusClass: [0, 0, 1, 0, 0, 0], latencyBuckets: NONE, latencySumMs: 0 }],
    (id) => id,
  );
  const { families } = parseMetrics((await metrics.text()).text);
  const ours = [...families].filter(([name]) => name.startsWith("slipway_"));
  const manual = await readFile("docs/operations.md", "utf8");
  const rows = [...manual.matchAll(/^\| `(slipway_\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
    ([, name = "", type = "", labels = ""]) => [name, type, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
  );
  const actual = ours.map(([name, { type, samples }]) => [
    name,
    type,
    [...new Set(samples.flatMap((sample) => Object.keys(sample.labels)))].filter((label) => label !== "le"),
  ]);
  assert.deepEqual(rows.toSorted(), actual.toSorted());
});
