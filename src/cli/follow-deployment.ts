/**
 * Waits for a deployment to serve, to be built (where that is all that was asked for) or to fail, showing its build log on the way. Every wait has a limit; a server that is
 * away for a moment is waited for.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { DeploymentView } from "./api-views.ts";
import { BuildLogFollower, isTransient } from "./build-log-follower.ts";
import type { Progress } from "./progress.ts";
import { lastLines } from "./text-format.ts";

const POLL_MS = 100;
/** Waiting for a turn, building (10 min) and starting, in milliseconds. */
const WHOLE_LIMIT_MS = 30 * 60_000;
/** How long a server may be away, in milliseconds. */
const AWAY_LIMIT_MS = 60_000;
/** How long the rest of the log is waited for once the outcome is known, in milliseconds. */
const LOG_REST_MS = 2000;

const STEP_TEXT: Readonly<Partial<Record<DeploymentView["status"], string>>> = {
  building: "building",
  pending: "starting",
  starting: "waiting until it answers",
};

export type FollowParts = {
  readonly client: Pick<ApiClient, "buildLog" | "getDeployment">;
  readonly ref: FunctionRef;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  now(): number;
};

/**
 * The deployment once it is healthy, or built and held.
 * @throws AppError `build_failed` or `deploy_failed` with the log's tail; `cancelled`; `conflict` when a newer
 *   deployment took its place; `timeout`; the signal's reason
 */
export async function followDeployment(deployment: DeploymentView, parts: FollowParts): Promise<DeploymentView> {
  const { client, ref, progress, signal } = parts;
  const logEnd = new AbortController();
  const log = new BuildLogFollower(
    (logSignal) => client.buildLog(ref, deployment.id, true, logSignal),
    (lines) => progress.lines(lines),
  );
  const isBuilding = deployment.status === "building";
  const following = isBuilding ? log.follow(AbortSignal.any([signal, logEnd.signal])) : Promise.resolve();
  try {
    const last = await poll(deployment, parts);
    const rest = new AbortController();
    await Promise.race([following, sleep(LOG_REST_MS, undefined, { signal: rest.signal }).catch(() => undefined)]);
    rest.abort();
    return requireGood(last, log.tail, isBuilding && !progress.isQuiet);
  } finally {
    logEnd.abort();
    await following;
  }
}

async function poll(
  first: DeploymentView,
  { client, ref, progress, signal, now }: FollowParts,
): Promise<DeploymentView> {
  const startedAt = now();
  let lastSeenAt = startedAt;
  let deployment = first;
  let shown: string | undefined;
  while (!isOver(deployment)) {
    const text = STEP_TEXT[deployment.status];
    if (text !== undefined && text !== shown) progress.step(text);
    shown = text;
    if (now() - startedAt > WHOLE_LIMIT_MS) throw tooLong(deployment);
    await pause(signal);
    try {
      deployment = await client.getDeployment(ref, deployment.id, signal);
      lastSeenAt = now();
    } catch (error) {
      if (!isTransient(error) || now() - lastSeenAt > AWAY_LIMIT_MS) throw error;
    }
  }
  return deployment;
}

/** One that was healthy may be superseded by the time it is looked at. */
function isOver({ status }: DeploymentView): boolean {
  return ["healthy", "built", "failed", "superseded", "cancelled"].includes(status);
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(POLL_MS, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** `isShown`: the build's log stands on the screen already. */
function requireGood(deployment: DeploymentView, logText: string, isShown: boolean): DeploymentView {
  const hasServed = deployment.status === "superseded" && deployment.healthy_at !== null;
  if (deployment.status === "healthy" || deployment.status === "built" || hasServed) return deployment;
  if (deployment.status === "cancelled") {
    throw new AppError("cancelled", `The deployment of ${deployment.function} was cancelled.`);
  }
  if (deployment.status === "superseded") {
    throw new AppError("conflict", `A newer deployment of ${deployment.function} took the place of this one.`, {
      remedy: `\`slipway deployments ${deployment.function}\` shows what became of it.`,
    });
  }
  const isBuild = deployment.build?.status === "failed" || deployment.image === null;
  const reason = deployment.failure_reason ?? deployment.build?.error ?? "no reason was given";
  const tail = deployment.log_tail ?? logText;
  throw new AppError(
    isBuild ? "build_failed" : "deploy_failed",
    `${deployment.function} was not ${isBuild ? "built" : "deployed"}: ${reason}`,
    {
      ...(!(isBuild && isShown && isEndOf(tail, logText)) && { logTail: tail }),
      remedy: isBuild
        ? `The whole log: slipway logs ${deployment.function} --build`
        : "If a version served before, it still does. Mend the cause and deploy again.",
    },
  );
}

/** Is the last line of `tail` among what was shown? A connection that broke may have kept it back. */
function isEndOf(tail: string, shown: string): boolean {
  return shown.includes(lastLines(tail, 1));
}

function tooLong(deployment: DeploymentView): AppError {
  return new AppError(
    "timeout",
    `${deployment.function} is still ${deployment.status} after ${WHOLE_LIMIT_MS / 60_000} minutes.`,
    {
      remedy: `It goes on without this command; look with \`slipway status ${deployment.function}\`.`,
    },
  );
}
