/**
 * One user at a time, first come first served, for things such as a single database connection. It knows when a holder
 * would come to wait for itself, which would hang both for ever, and throws instead.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { Semaphore } from "./semaphore.ts";

type Holder = { state: "waiting" | "holding" | "done" };

export class Exclusive {
  readonly #turns = new Semaphore(1);
  readonly #holders = new AsyncLocalStorage<Holder>();

  /**
   * Waits for its turn. Resolves with the function that ends it (idempotent).
   * @throws Error inside the work of a `guard` that has its turn: it would wait for itself
   */
  async acquire(): Promise<() => void> {
    const holder = this.#holders.getStore();
    this.#refuseSelf(holder);
    const release = await this.#turns.acquire();
    if (holder?.state !== "waiting") return release;
    holder.state = "holding";
    return () => {
      holder.state = "done";
      release();
    };
  }

  /** Runs `work`. Its first `acquire` is remembered, and until that turn ends a further one inside `work` throws. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseSelf(this.#holders.getStore());
    return this.#holders.run({ state: "waiting" }, work);
  }

  #refuseSelf(holder: Holder | undefined): void {
    if (holder?.state === "holding") {
      throw new Error("Called from inside its own exclusive work, where it would wait for itself for ever.");
    }
  }
}
