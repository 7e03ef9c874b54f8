/** Time as a parameter, so that decisions and waits can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Calls `task` once after `delayMs`; the returned function cancels it (idempotent). */
  schedule(delayMs: number, task: () => void): () => void;
}
