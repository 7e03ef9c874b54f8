/** One stream of the engine's events, opened again whenever it ends. */

import { setTimeout as wait } from "node:timers/promises";
import { AppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";
import { openStream, readLines } from "./engine-stream.ts";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** An event as the engine writes it. */
export type EngineEvent = {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string | undefined>> };
};

export type EventStream = {
  /** As the engine's API takes them: what must all match, each with the values it may have. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** It listens, for the first time or again: events may have been missed. */
  readonly onOpen: () => void;
  readonly onEvent: (event: EngineEvent) => void;
  /** It ended, for this reason, and is tried again after that time. */
  readonly onLost: (error: Error, retryInMs: number) => void;
};

/** Ends when the signal aborts; never rejects for the engine. */
export async function followEvents(client: DockerClient, stream: EventStream, signal: AbortSignal): Promise<void> {
  let delayMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    const openedBefore = Date.now();
    const error = await readOnce(client, stream, signal);
    if (signal.aborted) return;
    stream.onLost(error, delayMs);
    // A stream that has lived is no reason to wait longer than the first time.
    if (Date.now() - openedBefore > LONGEST_RETRY_MS) delayMs = FIRST_RETRY_MS;
    await wait(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS);
  }
}

/** Reads until the stream ends, and says why it did. */
async function readOnce(client: DockerClient, stream: EventStream, signal: AbortSignal): Promise<Error> {
  try {
    const answer = await client.stream((engine) =>
      // `since`: the engine answers a moment before it listens, and has the last events in store.
      openStream(
        engine,
        "/events",
        { since: (Date.now() / 1000).toFixed(3), filters: JSON.stringify(stream.filters) },
        signal,
      ),
    );
    stream.onOpen();
    for await (const line of readLines(answer)) stream.onEvent(JSON.parse(line) as EngineEvent);
  } catch (error) {
    return client.translate(error);
  }
  return new AppError("unavailable", "The Docker engine ended its event stream.");
}
