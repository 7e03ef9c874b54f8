/** How long to wait before the next try. Pure. */

/** 1 s · 2ⁿ⁻¹ for the n-th failure in a row, 30 s at most; nothing before the first. */
export function backoffMs(failuresInRow: number): number {
  if (failuresInRow <= 0) return 0;
  return Math.min(30_000, 1000 * 2 ** Math.min(failuresInRow - 1, 10));
}
