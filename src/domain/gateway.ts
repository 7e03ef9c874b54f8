/** What control needs of the gateway, and what the gateway tells control. */

import type { RouteTable } from "./route.ts";

export interface Gateway {
  /** Hands the table to every worker; resolves once all of them use it. The last table wins. */
  publish(table: RouteTable): Promise<void>;
  /** Resolves once no worker has a request open to that slot, or after `timeoutMs` (then false). */
  drained(slot: string, timeoutMs: number): Promise<boolean>;
}

/** Upper bounds of the latency histogram's buckets, in milliseconds; a last one is open. */
export const LATENCY_BUCKETS_MS: readonly number[] = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];

/** What one worker has counted since its last report. */
export type GatewayCounts = {
  readonly serviceId: string;
  /** Requests by status class: index 0 unused, 1 = 1xx … 5 = 5xx. */
  readonly byStatusClass: readonly number[];
  /** One more entry than LATENCY_BUCKETS_MS; not cumulative. */
  readonly latencyBuckets: readonly number[];
  readonly latencySumMs: number;
};
