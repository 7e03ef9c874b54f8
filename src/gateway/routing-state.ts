/** The table a worker serves with at present, and waiting for the next one. */

import type { CompiledTable, RouteTable } from "../domain/route.ts";
import { compileTable, EMPTY_TABLE } from "../domain/route.ts";
import { Upstreams } from "./upstreams.ts";

/** How many requests may wait at the same time; more are refused, so that a long stop can't fill the memory. */
export const MAX_WAITING = 10_000;

export class RoutingState {
  readonly upstreams = new Upstreams();
  #table: CompiledTable = compileTable(EMPTY_TABLE);
  readonly #waiting = new Set<() => void>();
  readonly #maxWaiting: number;

  constructor(maxWaiting = MAX_WAITING) {
    this.#maxWaiting = maxWaiting;
  }

  get table(): CompiledTable {
    return this.#table;
  }

  /** Requests waiting for the next table. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** No further request may wait. */
  get isFull(): boolean {
    return this.#waiting.size >= this.#maxWaiting;
  }

  apply(table: RouteTable): void {
    this.upstreams.apply(table);
    this.#table = compileTable(table);
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Resolves at the next table, after `limitMs`, or when `onCancel` is called back, whichever is first.
   * @param onCancel is handed the function that ends the wait early, and undefined once it is over
   */
  nextTable(limitMs: number, onCancel: (cancel: (() => void) | undefined) => void): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        onCancel(undefined);
        resolve();
      };
      const timer = setTimeout(settle, limitMs);
      this.#waiting.add(settle);
      onCancel(settle);
    });
  }
}
