/**
 * Gives memory back after a load: V8 collects while there is work and stops in the middle of it, so that a worker which
 * was busy once would hold twice of what it needs until it is busy again. Costs nothing under load.
 */

export type HeapTrimmerOptions = {
  /** CPU time this process has spent, in microseconds. */
  readonly cpuMicros: () => number;
  readonly collect: () => void;
};

/** Share of one processor from which on the process counts as busy, and below which as quiet. */
const BUSY_SHARE = 0.1;
const QUIET_SHARE = 0.02;
/** So many quiet looks in a row, and it is collected once. */
const QUIET_LOOKS = 5;

export class HeapTrimmer {
  readonly #options: HeapTrimmerOptions;
  #spentMicros: number;
  #wasBusy = false;
  #quietLooks = 0;

  constructor(options: HeapTrimmerOptions) {
    this.#options = options;
    this.#spentMicros = options.cpuMicros();
  }

  /** To be called in even intervals of that many milliseconds. */
  look(intervalMs: number): void {
    const spentMicros = this.#options.cpuMicros();
    const share = (spentMicros - this.#spentMicros) / (intervalMs * 1_000);
    this.#spentMicros = spentMicros;
    this.#wasBusy ||= share >= BUSY_SHARE;
    this.#quietLooks = share < QUIET_SHARE ? this.#quietLooks + 1 : 0;
    if (!this.#wasBusy || this.#quietLooks < QUIET_LOOKS) return;
    this.#wasBusy = false;
    this.#options.collect();
  }
}

/** That of this process; V8 must have been started with `--expose-gc`, else it does nothing. */
export function createHeapTrimmer(): HeapTrimmer {
  return new HeapTrimmer({
    cpuMicros: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    collect: () => globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" }),
  });
}
