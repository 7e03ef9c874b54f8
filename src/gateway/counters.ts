/** Counts answers and their latency per service, until they are collected. */

import { type GatewayCounts, LATENCY_BUCKETS_MS } from "../domain/gateway.ts";

type Mutable = { byStatusClass: number[]; latencyBuckets: number[]; latencySumMs: number };

/** Services counted at most while nobody collects; further ones are left out. */
const MAX_SERVICES = 20_000;

export class Counters {
  #byService = new Map<string, Mutable>();

  /** @param latencyMs undefined: not for the histogram (a WebSocket lasts as long as it is wanted) */
  count(serviceId: string, status: number, latencyMs: number | undefined): void {
    let counts = this.#byService.get(serviceId);
    if (counts === undefined) {
      if (this.#byService.size >= MAX_SERVICES) return;
      counts = {
        byStatusClass: [0, 0, 0, 0, 0, 0],
        latencyBuckets: new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0),
        latencySumMs: 0,
      };
      this.#byService.set(serviceId, counts);
    }
    add(counts.byStatusClass, Math.min(5, Math.floor(status / 100)));
    if (latencyMs === undefined) return;
    const bucket = LATENCY_BUCKETS_MS.findIndex((bound) => latencyMs <= bound);
    add(counts.latencyBuckets, bucket < 0 ? LATENCY_BUCKETS_MS.length : bucket);
    counts.latencySumMs += latencyMs;
  }

  /** What has been counted since the last call; sorted by service. */
  collect(): GatewayCounts[] {
    const collected = this.#byService;
    this.#byService = new Map();
    return [...collected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([serviceId, counts]) => ({ serviceId, ...counts }));
  }
}

function add(list: number[], index: number): void {
  list[index] = (list[index] ?? 0) + 1;
}
