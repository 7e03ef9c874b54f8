/** How much may be done in a while: so much per second, and so much at once after a quiet time. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** @param now ms on a clock that never goes back */
  constructor(limits: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perSecond = limits.perSecond;
    this.#burst = limits.burst;
    this.#left = limits.burst;
    this.#at = now;
  }

  /** Takes one; false when there is none left. */
  take(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Nothing was taken for a while. */
  get isFull(): boolean {
    return this.#left >= this.#burst - 1;
  }
}
