/**
 * Waits until a function is what a command asked for: the server answers start, stop and restart at once and brings
 * them about afterwards. The wait has a limit.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { FunctionView } from "./api-views.ts";
import { isTransient } from "./build-log-follower.ts";
import type { CliContext } from "./cli-context.ts";
import { Progress } from "./progress.ts";

const POLL_MS = 100;
/** Longest wait, in milliseconds: an app may take a minute to start, and the old one half a minute to drain. */
const LIMIT_MS = 120_000;

/** @throws AppError `deploy_failed` when it can't be brought about, `timeout`; the signal's reason */
export async function awaitSettled(
  first: FunctionView,
  goal: "running" | "stopped",
  client: ApiClient,
  ref: FunctionRef,
  { deps, output, signal }: CliContext,
): Promise<FunctionView> {
  const progress = new Progress(deps, output.isJson);
  const endsAt = deps.now() + LIMIT_MS;
  let view = first;
  // An update that failed some time ago is no news: the version before it is what runs again.
  const failedBefore = first.latest_deployment?.status === "failed" ? first.latest_deployment.id : undefined;
  try {
    while (!(goal === "stopped" ? view.status === "stopped" : isServing(view, failedBefore))) {
      if (view === first) progress.step(`waiting until ${ref.name} is ${goal}`);
      if (deps.now() > endsAt) throw tooLong(view, goal);
      await sleep(POLL_MS);
      signal.throwIfAborted();
      view = await look(client, ref, view);
    }
    return view;
  } finally {
    progress.stop();
  }
}

/** The newest deployment that did not fail before serves. @throws AppError `deploy_failed` when it never will */
function isServing(view: FunctionView, failedBefore: string | undefined): boolean {
  const latest = view.latest_deployment;
  const isOldNews = latest !== null && latest.id === failedBefore;
  if (view.status === "failed" || (latest?.status === "failed" && !isOldNews)) {
    throw new AppError(
      "deploy_failed",
      `${view.name} does not run: ${view.error ?? latest?.failure_reason ?? "it failed"}`,
      {
        ...(latest?.log_tail && { logTail: latest.log_tail }),
        remedy: `See \`slipway status ${view.name}\` and \`slipway logs ${view.name}\`.`,
      },
    );
  }
  return view.status === "running" && (isOldNews || latest?.id === view.active_deployment_id);
}

/** A server that is away for a moment leaves the last view standing. */
async function look(client: ApiClient, ref: FunctionRef, last: FunctionView): Promise<FunctionView> {
  try {
    return await client.getFunction(ref);
  } catch (error) {
    if (isTransient(error)) return { ...last };
    throw error;
  }
}

function tooLong(view: FunctionView, goal: string): AppError {
  return new AppError("timeout", `${view.name} is not ${goal} after ${LIMIT_MS / 1000} s, but ${view.status}.`, {
    remedy: `The server goes on with it; look with \`slipway status ${view.name}\`.`,
  });
}
