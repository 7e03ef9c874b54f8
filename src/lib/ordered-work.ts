/** Pieces of work one after the other, in the order they were given; what needs no waiting is done at once. */

export type Work = () => void | Promise<void>;

export class OrderedWork {
  readonly #waiting: Work[] = [];
  readonly #onError: (error: unknown) => void;
  #isBusy = false;

  /** @param onError hears of work that throws; what comes after it is done all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** How many pieces wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  add(work: Work): void {
    this.#waiting.push(work);
    if (!this.#isBusy) void this.#doAll();
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting.length = 0;
  }

  async #doAll(): Promise<void> {
    this.#isBusy = true;
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) {
      try {
        const done = work();
        if (done !== undefined) await done;
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#isBusy = false;
  }
}
