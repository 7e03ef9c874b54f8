/** Several async iterables as one, in the order their items come; more can be added while it is read. */

export class MergedStream<T> implements AsyncIterable<T> {
  readonly #signal: AbortSignal;
  readonly #items: T[] = [];
  #open = 0;
  #error: { readonly cause: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** Aborting ends it; the iterables are expected to end by the same signal. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** What it throws is thrown to the reader, after the items before it. */
  add(source: AsyncIterable<T>): void {
    this.keepOpenFor(this.#read(source));
  }

  /** Does not end before `work` does; what it is rejected with is thrown to the reader. */
  keepOpenFor(work: Promise<void>): void {
    this.#open += 1;
    work.then(
      () => this.#closed(),
      (cause: unknown) => {
        this.#error ??= { cause };
        this.#closed();
      },
    );
  }

  /** Ends when all that was added has ended. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) yield item;
      if (this.#signal.aborted) return;
      if (this.#error !== undefined) throw this.#error.cause;
      if (this.#open === 0) return;
      if (this.#items.length === 0) await woken;
    }
  }

  async #read(source: AsyncIterable<T>): Promise<void> {
    for await (const item of source) {
      if (this.#signal.aborted) return;
      this.#items.push(item);
      this.#wake();
    }
  }

  #closed(): void {
    this.#open -= 1;
    this.#wake();
  }
}
