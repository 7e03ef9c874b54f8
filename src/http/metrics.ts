/**
 * What the platform counts, in Prometheus' text form. What gateway workers count comes as differences and is added up
 * here, so that it never falls when a worker ends. Names and labels: docs/operations.md.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { GatewayCounts } from "../domain/gateway.ts";
import { RequestDurations } from "./request-durations.ts";

export class Metrics {
  readonly #registry = new Registry();
  readonly #builds = this.#counter("slipway_builds_total", "Builds by how they ended", ["outcome"]);
  readonly #passes = new Histogram({
    name: "slipway_reconcile_seconds",
    help: "Duration of reconcile passes of one service",
    labelNames: ["outcome"],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [this.#registry],
  });
  readonly #requests = this.#counter("slipway_requests_total", "Requests to functions by status class", [
    "service",
    "status_class",
  ]);
  readonly #durations = new RequestDurations();
  readonly #diskFree = new Gauge({
    name: "slipway_disk_free_bytes",
    help: "Free bytes where Slipway and the engine keep their data",
    labelNames: ["path"],
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  countBuild(outcome: "succeeded" | "cached" | "failed" | "cancelled"): void {
    this.#builds.inc({ outcome });
  }

  countPass(durationMs: number, isOk: boolean): void {
    this.#passes.observe({ outcome: isOk ? "ok" : "error" }, durationMs / 1000);
  }

  diskFree(path: string, bytes: number): void {
    this.#diskFree.set({ path }, bytes);
  }

  /** Adds what a gateway worker has counted since its last report. */
  addGatewayCounts(counts: readonly GatewayCounts[], nameOf: (serviceId: string) => string): void {
    for (const { serviceId, byStatusClass, latencyBuckets, latencySumMs } of counts) {
      const service = nameOf(serviceId);
      byStatusClass.forEach((n, statusClass) => {
        if (n > 0) this.#requests.inc({ service, status_class: `${statusClass}xx` }, n);
      });
      this.#durations.add(service, latencyBuckets, latencySumMs);
    }
  }

  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    const text = `${(await this.#registry.metrics()).trimEnd()}\n${this.#durations.text()}`;
    return { contentType: this.#registry.contentType, text };
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
