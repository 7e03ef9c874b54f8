/**
 * Shows a build's log while it grows. When the connection breaks (the server may be handing over to new code) it is
 * taken up again, and what was shown is not shown twice.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { isAppError } from "../domain/errors.ts";

/** Time between two tries, in milliseconds. */
const RETRY_MS = 500;
/** How much of the end is kept for a report, in characters. */
const KEPT_LENGTH = 65_536;

export type OpenLog = (signal: AbortSignal) => AsyncIterable<string>;

export class BuildLogFollower {
  readonly #open: OpenLog;
  readonly #show: (lines: string) => void;
  /** Characters received over all connections, each counted once. */
  #seen = 0;
  #rest = "";
  #kept = "";

  constructor(open: OpenLog, show: (lines: string) => void) {
    this.#open = open;
    this.#show = show;
  }

  /** The end of the log so far. */
  get tail(): string {
    return this.#kept;
  }

  /** Until the log has ended or `signal` aborts; never fails, since what counts is the deployment's status. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#readOnce(signal);
        break;
      } catch (error) {
        if (signal.aborted || !isTransient(error)) break;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    if (this.#rest !== "") this.#show(`${this.#rest}\n`);
    this.#rest = "";
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    let position = 0;
    for await (const piece of this.#open(signal)) {
      const fresh = piece.slice(Math.max(0, this.#seen - position));
      position += piece.length;
      this.#seen = Math.max(this.#seen, position);
      this.#take(fresh);
    }
  }

  #take(text: string): void {
    this.#kept = (this.#kept + text).slice(-KEPT_LENGTH);
    const whole = this.#rest + text;
    const end = whole.lastIndexOf("\n") + 1;
    this.#rest = whole.slice(end);
    if (end > 0) this.#show(whole.slice(0, end));
  }
}

/** Errors of the way to the server, which may be gone the next moment. */
export function isTransient(error: unknown): boolean {
  return isAppError(error) && ["unavailable", "timeout", "bad_gateway", "not_ready"].includes(error.code);
}
