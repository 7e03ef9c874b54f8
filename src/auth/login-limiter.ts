/**
 * Slows guessing of passwords: after 5 failures in 15 minutes for an e-mail, or 20 from an address, further attempts are
 * refused until the oldest of these is 15 minutes old. An attempt counts as failed from its beginning, so that a hundred
 * at once get no further than one after the other. In memory: a restart forgets, which costs an attacker more than it
 * gives.
 *
 * Failures for an e-mail count from wherever they come, or each new address would be five more guesses. Only an address
 * from which that e-mail has signed in before has a count of its own: strangers can't lock somebody out of the place
 * where that person works.
 */

import { isIPv6 } from "node:net";
import { AppError } from "../domain/errors.ts";
import { BoundedMap } from "../lib/bounded-map.ts";

export const LOGIN_WINDOW_MS = 15 * 60_000;
export const FAILURES_PER_EMAIL = 5;
export const FAILURES_PER_ADDRESS = 20;

/** Most e-mails, addresses and pairs of them that are remembered; the oldest are forgotten first. */
const MAX_ENTRIES = 10_000;

export type LoginAttempt = {
  /** The password was right: the e-mail's failures are forgotten, the address is known for it. */
  succeed(): void;
  /** It was never tried: something else went wrong. */
  withdraw(): void;
};

export class LoginLimiter {
  readonly #now: () => number;
  /** Times of failures by key, oldest first. */
  readonly #failures = new BoundedMap<number[]>(MAX_ENTRIES);
  /** E-mail and address that have signed in together. */
  readonly #known = new BoundedMap<true>(MAX_ENTRIES);

  /** @param now milliseconds of a clock that is never set: jumps of the wall clock neither lock nor unlock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws AppError `too_many_requests` with `Retry-After` */
  begin(email: string, address: string): LoginAttempt {
    const network = networkOf(address);
    const pair = `${email} ${network}`;
    const emailKey = this.#known.get(pair) === undefined ? `e ${email}` : `p ${pair}`;
    const limits = [
      [emailKey, FAILURES_PER_EMAIL],
      [`a ${network}`, FAILURES_PER_ADDRESS],
    ] as const;
    const now = this.#now();
    const waitMs = Math.max(...limits.map(([key, limit]) => this.#waitMs(key, limit, now)));
    if (waitMs > 0) {
      throw new AppError("too_many_requests", "Too many login attempts. Try again later.", {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
    }
    for (const [key] of limits) this.#failures.set(key, [...this.#recent(key, now), now]);
    const withdraw = (): void => {
      for (const [key] of limits) this.#takeBack(key, now);
    };
    return {
      withdraw,
      succeed: () => {
        withdraw();
        this.#failures.delete(emailKey);
        this.#failures.delete(`p ${pair}`);
        this.#known.set(pair, true);
      },
    };
  }

  /** How long until one more failure is allowed; 0: now. */
  #waitMs(key: string, limit: number, now: number): number {
    const recent = this.#recent(key, now);
    const oldestThatCounts = recent.at(-limit);
    return oldestThatCounts === undefined ? 0 : oldestThatCounts + LOGIN_WINDOW_MS - now;
  }

  #recent(key: string, now: number): readonly number[] {
    return (this.#failures.get(key) ?? []).filter((at) => now - at < LOGIN_WINDOW_MS);
  }

  #takeBack(key: string, at: number): void {
    const times = this.#failures.get(key);
    const index = times?.indexOf(at) ?? -1;
    if (times === undefined || index < 0) return;
    if (times.length === 1) this.#failures.delete(key);
    else this.#failures.set(key, times.toSpliced(index, 1));
  }
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.toLowerCase().split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${groups.join(":")}::/64`;
}
