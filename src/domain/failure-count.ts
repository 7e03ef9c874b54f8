/** How often an instance has gone bad, and when its past is forgiven. Pure. */

import type { InstanceRecord } from "./instance.ts";

/** Bad looks or bad exits in a row after which a deployment has failed (or a ready instance is replaced). */
export const BAD_LOOKS_TO_FAIL = 3;
/** An instance that was ready this long is forgiven its past, in milliseconds. */
export const STABLE_MS = 10_000;
/** After this long of serving, being killed or removed from outside says nothing against the app, in milliseconds. */
export const SERVED_MS = 250;

/** How often the slot has gone bad in a row, this time included; being ready for `forgivenAfterMs` ends a row. */
export function failuresOf(record: InstanceRecord, now: number, forgivenAfterMs: number): number {
  const isStable = record.readyAt !== null && now - record.readyAt >= forgivenAfterMs;
  return (isStable ? 0 : record.restartCount) + 1;
}

/** It went bad too often to be trusted, and was not ready for long since. */
export function isLooping(record: InstanceRecord, now: number): boolean {
  return record.restartCount >= BAD_LOOKS_TO_FAIL && (record.readyAt === null || now - record.readyAt < STABLE_MS);
}
