/** How long to wait before the next try. Pure. */

/** Longest wait, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** 1 s · 2ⁿ⁻¹ for the n-th failure in a row, 30 s at most; nothing before the first. */
export function backoffMs(failuresInRow: number): number {
  if (failuresInRow <= 0) return 0;
  return Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(failuresInRow - 1, 10));
}
