/**
 * Which address of a project's network a slot gets. Pure, so that every store decides alike; see AddressStore for what
 * is promised.
 */

import { AppError } from "./errors.ts";
import { FIRST_HOST_NUMBER, LAST_HOST_NUMBER } from "./instance.ts";

/** What a store remembers of one host number that was given out at least once. */
export type HostNumberUse = {
  readonly hostNumber: number;
  /** The slot that holds it, or that held it last. */
  readonly slot: string;
  /** Since when it rests, ms since the epoch; null while it is held. */
  readonly freedAt: number | null;
};

/**
 * The slot's own number, held or resting, else the lowest that was never used or has rested for `restMs`.
 * @throws AppError `unavailable` when all are held or resting
 */
export function chooseHostNumber(uses: readonly HostNumberUse[], slot: string, now: number, restMs: number): number {
  const own = uses.find((use) => use.slot === slot);
  if (own !== undefined) return own.hostNumber;
  const blocked = new Set(
    uses.filter((use) => use.freedAt === null || use.freedAt > now - restMs).map((use) => use.hostNumber),
  );
  const free = lowestFree(blocked, FIRST_HOST_NUMBER);
  if (free > LAST_HOST_NUMBER) {
    throw new AppError("unavailable", "The project's network has no free address.", {
      remedy: "Wait until addresses of stopped instances are free again, or run fewer instances in this project.",
      retryAfterSeconds: Math.max(1, Math.ceil(restMs / 1000)),
    });
  }
  return free;
}

/** The lowest whole number from `first` on that is not in `used`. */
export function lowestFree(used: ReadonlySet<number>, first = 0): number {
  let candidate = first;
  while (used.has(candidate)) candidate += 1;
  return candidate;
}
