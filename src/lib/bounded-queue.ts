/** Many writers, one reader, bounded by number and size of the items: a writer waits while the reader is behind. */

export type QueueBounds<T> = {
  readonly maxItems: number;
  readonly maxSize: number;
  readonly sizeOf: (item: T) => number;
};

export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #bounds: QueueBounds<T>;
  #items: T[] = [];
  #size = 0;
  #wakeReader: () => void = () => undefined;
  #wakeWriters: (() => void)[] = [];
  #isEnded = false;
  #error: unknown;

  constructor(bounds: QueueBounds<T>) {
    this.#bounds = bounds;
  }

  /** Takes one; resolves at once while there is room, otherwise once there is. Without effect after the end. */
  async push(item: T): Promise<void> {
    while (this.#isFull() && !this.#isEnded) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    if (this.#isEnded) return;
    this.#items.push(item);
    this.#size += this.#bounds.sizeOf(item);
    this.#wakeReader();
  }

  /** The reader gets what was taken, then the end. Idempotent. */
  end(): void {
    this.#isEnded = true;
    this.#wakeReader();
    this.#wake();
  }

  /** As `end`, but the reader gets this error at last. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      if (this.#items.length === 0) {
        if (this.#isEnded) break;
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        continue;
      }
      const items = this.#items;
      this.#items = [];
      this.#size = 0;
      this.#wake();
      yield* items;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #isFull(): boolean {
    const { maxItems, maxSize } = this.#bounds;
    return this.#items.length >= maxItems || this.#size >= maxSize;
  }

  #wake(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}
