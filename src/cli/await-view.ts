/** Looks at a function again and again until it is what a command asked for. The wait has a limit. */

import { setTimeout as sleep } from "node:timers/promises";
import type { AppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { FunctionView } from "./api-views.ts";
import { isTransient } from "./build-log-follower.ts";
import type { CliContext } from "./cli-context.ts";
import { Progress } from "./progress.ts";

const POLL_MS = 100;
/** Longest wait, in milliseconds: an app may take a minute to start, and the old one half a minute to drain. */
export const AWAIT_LIMIT_MS = 120_000;

export type Awaited = {
  /** Whether the wait is over. @throws AppError when it never will be */
  isThere(view: FunctionView): boolean;
  /** Before each wait; `isFirst`: nothing has been shown yet. */
  show(view: FunctionView, progress: Progress, isFirst: boolean): void;
  tooLong(view: FunctionView): AppError;
};

/** @throws what `awaited` throws; the signal's reason; AppError of the server but for one that is away for a moment */
export async function awaitView(
  first: FunctionView,
  awaited: Awaited,
  client: ApiClient,
  ref: FunctionRef,
  { deps, output, signal }: CliContext,
): Promise<FunctionView> {
  const progress = new Progress(deps, output.isJson);
  const endsAt = deps.now() + AWAIT_LIMIT_MS;
  let view = first;
  let isFirst = true;
  try {
    while (!awaited.isThere(view)) {
      awaited.show(view, progress, isFirst);
      isFirst = false;
      if (deps.now() > endsAt) throw awaited.tooLong(view);
      await sleep(POLL_MS);
      signal.throwIfAborted();
      view = await look(client, ref, view);
    }
    return view;
  } finally {
    progress.stop();
  }
}

/** A server that is away for a moment leaves the last view standing. */
async function look(client: ApiClient, ref: FunctionRef, last: FunctionView): Promise<FunctionView> {
  try {
    return await client.getFunction(ref);
  } catch (error) {
    if (isTransient(error)) return last;
    throw error;
  }
}
