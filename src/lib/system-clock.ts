/** The machine's own clock, in the shape of the domain's `Clock`. */
export const systemClock = {
  now: (): number => Date.now(),
  schedule(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(task, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
