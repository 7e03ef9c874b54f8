/** Waits until a function has as many ready instances as it shall have, and no others that take requests. */

import { AppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { FunctionView, InstanceView } from "./api-views.ts";
import { AWAIT_LIMIT_MS, type Awaited, awaitView } from "./await-view.ts";
import type { CliContext } from "./cli-context.ts";
import type { Progress } from "./progress.ts";

/** Starts that may fail before it is called hopeless. */
const PATIENCE = 3;

/** @throws AppError `deploy_failed` with an instance's last words, `timeout`; the signal's reason */
export function awaitScale(
  first: FunctionView,
  wanted: number,
  client: ApiClient,
  ref: FunctionRef,
  context: CliContext,
): Promise<FunctionView> {
  let shown = -1;
  const awaited = {
    isThere: (view: FunctionView) => isThere(view, wanted),
    show(view: FunctionView, progress: Progress, isFirst: boolean) {
      const count = readyOf(view).length;
      if (isFirst) progress.step(`waiting for ${wanted} of ${ref.name}`);
      else if (count !== shown) progress.update(`${count} of ${wanted} of ${ref.name} are ready`);
      shown = count;
      requireHope(view, first);
    },
    tooLong: (view: FunctionView) => tooLong(view, wanted),
  } satisfies Awaited;
  return awaitView(first, awaited, client, ref, context);
}

function isThere(view: FunctionView, wanted: number): boolean {
  const staying = view.instances.filter(({ state }) => state !== "draining");
  return staying.length === wanted && readyOf(view).length === wanted;
}

function readyOf(view: FunctionView): readonly InstanceView[] {
  return view.instances.filter(({ state, healthy }) => state === "ready" && healthy);
}

/** @throws AppError `deploy_failed` when an instance fails again and again */
function requireHope(view: FunctionView, first: FunctionView): void {
  const before = new Map(first.instances.map(({ id, restart_count }) => [id, restart_count]));
  const failing = view.instances.find(
    ({ id, state, restart_count }) => state !== "ready" && restart_count - (before.get(id) ?? 0) >= PATIENCE,
  );
  if (failing === undefined) return;
  const how = failing.last_exit_code === null ? "" : `; it ends with ${failing.last_exit_code}`;
  throw new AppError("deploy_failed", `${failing.name} does not come up${how}.`, {
    ...(failing.last_log_tail !== null && { logTail: failing.last_log_tail }),
    remedy: `It is tried on and on. See \`slipway status ${view.name}\`, or scale back.`,
  });
}

function tooLong(view: FunctionView, wanted: number): AppError {
  return new AppError(
    "timeout",
    `${readyOf(view).length} of ${wanted} instances of ${view.name} are ready after ${AWAIT_LIMIT_MS / 1000} s.`,
    {
      remedy: `The server goes on with it; look with \`slipway status ${view.name}\`.`,
    },
  );
}
