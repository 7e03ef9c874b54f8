/**
 * Waits until a function is what a command asked for: the server answers start, stop and restart at once and brings
 * them about afterwards.
 */

import { AppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { FunctionView } from "./api-views.ts";
import { AWAIT_LIMIT_MS, awaitView } from "./await-view.ts";
import type { CliContext } from "./cli-context.ts";

/** @throws AppError `deploy_failed` when it can't be brought about, `timeout`; the signal's reason */
export function awaitSettled(
  first: FunctionView,
  goal: "running" | "stopped",
  client: ApiClient,
  ref: FunctionRef,
  context: CliContext,
): Promise<FunctionView> {
  // An update that failed some time ago is no news: the version before it is what runs again.
  const failedBefore = first.latest_deployment?.status === "failed" ? first.latest_deployment.id : undefined;
  return awaitView(
    first,
    {
      isThere: (view) => (goal === "stopped" ? view.status === "stopped" : isServing(view, failedBefore)),
      show: (_view, progress, isFirst) => {
        if (isFirst) progress.step(`waiting until ${ref.name} is ${goal}`);
      },
      tooLong: (view) => tooLong(view, goal),
    },
    client,
    ref,
    context,
  );
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

function tooLong(view: FunctionView, goal: string): AppError {
  return new AppError("timeout", `${view.name} is not ${goal} after ${AWAIT_LIMIT_MS / 1000} s, but ${view.status}.`, {
    remedy: `The server goes on with it; look with \`slipway status ${view.name}\`.`,
  });
}
