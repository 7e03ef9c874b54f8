/** How an instance goes bad, in data and in words for people. Pure. */

import type { Deployment, RestartPolicy } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import { BAD_LOOKS_TO_FAIL } from "./failure-count.ts";

/** How an instance went bad. */
export type BadEnd = {
  readonly reason: string;
  readonly exitCode?: number | null;
  /** Ended from outside, not by itself. */
  readonly isKilled?: boolean;
  /** The next try would end the same way. */
  readonly isFinal?: boolean;
  readonly isServing?: boolean;
  /** It is not started again: its deployment says so. */
  readonly staysDown?: boolean;
};

/** How people are told that one ended; `restarts`: how often it was started again since it last ran well for a while. */
export function endReason({ exitCode, wasOomKilled }: ObservedInstance, restarts: number): string {
  if (wasOomKilled) return "ran out of memory";
  if (exitCode === null) return `container is restarting (restart count ${restarts})`;
  return `container exited with code ${exitCode}`;
}

/** Whether one that ended on its own is left as it is. */
export function staysDown(policy: RestartPolicy, { exitCode, wasOomKilled }: ObservedInstance): boolean {
  if (policy === "always") return false;
  return policy === "no" || (exitCode === 0 && !wasOomKilled);
}

/** Why a ready instance is taken out of service. */
export function unwellReason(deployment: Deployment): string {
  const what = deployment.health === null ? "its port was closed" : "its health check failed";
  return `${what} ${BAD_LOOKS_TO_FAIL} times in a row`;
}

/** Why one that started never became ready. */
export function notReadyReason(deployment: Deployment): string {
  const seconds = Math.round(deployment.startMs / 1000);
  if (deployment.health !== null) return `its health check ${deployment.health.path} did not pass within ${seconds} s`;
  return `nothing listens on port ${deployment.listenPorts.join(", ")} after ${seconds} s; listen on 0.0.0.0 and the port in $PORT`;
}
