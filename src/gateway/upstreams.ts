/**
 * The instances of the present routing table as upstreams. One that stays in the table keeps its connections and counts;
 * one that leaves is retired and forgotten when its last exchange has ended.
 */

import type { RouteTable, RouteTarget, ServiceRoute } from "../domain/route.ts";
import { Upstream } from "./upstream.ts";

export class Upstreams {
  #byKey = new Map<string, Upstream>();
  readonly #retiring = new Set<Upstream>();
  #byService = new Map<string, readonly Upstream[]>();
  readonly #turns = new Map<string, number>();
  readonly #drainWaiters = new Map<string, Set<() => void>>();

  apply(table: RouteTable): void {
    const next = new Map<string, Upstream>();
    const byService = new Map<string, readonly Upstream[]>();
    for (const service of table.services) {
      const list = service.targets.map((target) => {
        const key = keyOf(target);
        const upstream = next.get(key) ?? this.#byKey.get(key) ?? this.#create(target);
        next.set(key, upstream);
        return upstream;
      });
      byService.set(service.serviceId, list);
    }
    for (const [key, upstream] of this.#byKey) {
      if (next.has(key)) continue;
      if (upstream.outstanding > 0) this.#retiring.add(upstream);
      upstream.retire();
    }
    for (const id of this.#turns.keys()) if (!byService.has(id)) this.#turns.delete(id);
    this.#byKey = next;
    this.#byService = byService;
  }

  /**
   * The one with the least under way that is not in `tried`; among equals they take turns. One that could not be
   * connected to just now is taken only when there is no other.
   */
  pick(service: ServiceRoute, tried: ReadonlySet<Upstream>): Upstream | undefined {
    const list = this.#byService.get(service.serviceId);
    if (list === undefined || list.length === 0) return undefined;
    if (list.length === 1) return list[0] && !tried.has(list[0]) ? list[0] : undefined;
    const turn = this.#turns.get(service.serviceId) ?? 0;
    this.#turns.set(service.serviceId, turn + 1);
    let best: Upstream | undefined;
    for (let i = 0; i < list.length; i += 1) {
      const candidate = list[(turn + i) % list.length];
      if (candidate === undefined || tried.has(candidate)) continue;
      if (best === undefined || isBetter(candidate, best)) best = candidate;
    }
    return best;
  }

  /** Exchanges under way to that slot. */
  outstandingOf(slot: string): number {
    let count = 0;
    for (const upstream of this.#byKey.values()) if (upstream.slot === slot) count += upstream.outstanding;
    for (const upstream of this.#retiring) if (upstream.slot === slot) count += upstream.outstanding;
    return count;
  }

  /** Resolves with true once nothing is under way to that slot, or with false after `timeoutMs`. */
  drained(slot: string, timeoutMs: number): Promise<boolean> {
    if (this.outstandingOf(slot) === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiters = this.#drainWaiters.get(slot) ?? new Set();
      this.#drainWaiters.set(slot, waiters);
      const settle = (isDrained: boolean) => {
        clearTimeout(timer);
        waiters.delete(onDrained);
        if (waiters.size === 0) this.#drainWaiters.delete(slot);
        resolve(isDrained);
      };
      const onDrained = () => settle(true);
      const timer = setTimeout(() => settle(false), timeoutMs);
      waiters.add(onDrained);
    });
  }

  #create(target: RouteTarget): Upstream {
    return new Upstream(target.slot, { host: target.address, port: target.port }, (upstream) => {
      this.#retiring.delete(upstream);
      const waiters = this.#drainWaiters.get(upstream.slot);
      if (waiters === undefined || this.outstandingOf(upstream.slot) > 0) return;
      for (const waiter of [...waiters]) waiter();
    });
  }
}

function isBetter(one: Upstream, other: Upstream): boolean {
  if (one.isSuspect !== other.isSuspect) return other.isSuspect;
  return one.outstanding < other.outstanding;
}

function keyOf(target: RouteTarget): string {
  return `${target.slot} ${target.address} ${target.port}`;
}
