/** Sudden death in one process: what is wrapped takes so many more calls, then none of them ever answers. */

export class Life {
  #callsLeft = Number.POSITIVE_INFINITY;

  /** Answers that many more calls. */
  endAfter(calls: number): void {
    this.#callsLeft = Math.min(this.#callsLeft, calls);
  }

  /** Counts one call; false when it is not answered any more. */
  spend(): boolean {
    if (this.#callsLeft <= 0) return false;
    this.#callsLeft -= 1;
    return true;
  }
}

/** The same object, whose asynchronous methods, and those of the objects in it, answer while `life` lasts. */
export function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === "object" && value !== null) return mortal(value, life);
      if (typeof value !== "function" || PASSED_THROUGH.has(String(key))) return bound(value, object);
      return (...args: unknown[]) => (life.spend() ? value.apply(object, args) : new Promise(() => undefined));
    },
  });
}

/** Not asynchronous, or ending by other means. */
const PASSED_THROUGH = new Set(["addressOf", "watch", "logs"]);

function bound(value: unknown, object: object): unknown {
  return typeof value === "function" ? value.bind(object) : value;
}
