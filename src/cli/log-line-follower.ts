/**
 * Log lines that are followed over broken connections: when one ends without the server saying that there is no more
 * (it may be handing over to new code), it is taken up again, and what was shown is not shown twice.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../domain/errors.ts";
import type { ServiceLogLineView } from "./api-views.ts";
import { isTransient } from "./build-log-follower.ts";
import { readServerSentEvents } from "./sse.ts";

/** Most past lines that a server sends. */
export const MOST_SERVICE_LINES = 5000;
/** Tries in a row, and the waits between them, in milliseconds: doubled each time. */
const MAX_TRIES = 15;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/** The lines of one answer. @throws BrokenOff when it ends before the server said that there is no more */
export async function* readLogLines<T extends ServiceLogLineView>(pieces: AsyncIterable<string>): AsyncGenerator<T> {
  let isOpen = false;
  const opened = async function* (): AsyncGenerator<string> {
    for await (const piece of pieces) {
      isOpen = true;
      yield piece;
    }
  };
  try {
    for await (const event of readServerSentEvents(opened())) {
      if (event.event === "end") return;
      const item = JSON.parse(event.data) as T | { readonly event: string };
      if ("line" in item) yield item;
    }
  } catch (error) {
    throw isOpen && isTransient(error) ? new BrokenOff(error) : error;
  }
  throw new BrokenOff();
}

class BrokenOff extends AppError {
  constructor(cause?: unknown) {
    super("unavailable", "The server broke the log off.", { cause, remedy: "Try again: it may be restarting." });
  }
}

export type LogFollowerOptions<T> = {
  /** Past lines of the first connection. */
  readonly tail: number;
  /** One connection that follows. */
  readonly open: (tail: number) => AsyncIterable<T>;
  readonly signal: AbortSignal;
  /** Called once for each connection that is lost. */
  readonly onLost: () => void;
};

/** Until the server ends it or `signal` aborts. @throws AppError at once when the first connection can't be had */
export async function* followLogLines<T extends ServiceLogLineView>(options: LogFollowerOptions<T>): AsyncGenerator<T> {
  const { signal } = options;
  const shown = new ShownLines();
  let failed = 0;
  /** Whether the server has ever answered. */
  let wasThere = false;
  for (;;) {
    try {
      shown.comeBack();
      // Before the first line nothing can be doubled, and what was not asked for is not wanted now either.
      for await (const line of options.open(shown.isEmpty ? options.tail : MOST_SERVICE_LINES)) {
        failed = 0;
        wasThere = true;
        if (shown.isNew(line)) yield line;
      }
      return;
    } catch (error) {
      failed += 1;
      wasThere ||= error instanceof BrokenOff;
      if (signal.aborted || !wasThere || !isTransient(error) || failed > MAX_TRIES) throw error;
      if (failed === 1) options.onLost();
    }
    await sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failed - 1)), undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
}

/** What was shown of each container, by time: a container's lines come in their order, whichever connection brings them. */
class ShownLines {
  readonly #last = new Map<string, { readonly at: string; readonly count: number }>();
  /** How many lines at the time of the last one this connection will bring again. */
  #again = new Map<string, number>();
  #firstAt: string | undefined;

  get isEmpty(): boolean {
    return this.#firstAt === undefined;
  }

  /** Another connection begins. */
  comeBack(): void {
    this.#again = new Map([...this.#last].map(([id, { count }]) => [id, count]));
  }

  isNew({ container_id: id, at }: ServiceLogLineView): boolean {
    this.#firstAt ??= at;
    const last = this.#last.get(id);
    // Of one that nothing was shown of, what is older than all that was shown had not been asked for.
    if (at < (last?.at ?? this.#firstAt)) return false;
    const again = this.#again.get(id) ?? 0;
    if (at === last?.at && again > 0) {
      this.#again.set(id, again - 1);
      return false;
    }
    this.#again.delete(id);
    this.#last.set(id, { at, count: at === last?.at ? last.count + 1 : 1 });
    return true;
  }
}
