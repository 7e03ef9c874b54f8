/** What a service is now, for people, out of its deployments and instances. Pure. */

import { type Deployment, isWaiting } from "./deployment.ts";
import { isLooping } from "./failure-count.ts";
import { type InstanceRecord, isAtRest, isLeaving } from "./instance.ts";
import type { Service, ServiceStatus } from "./service.ts";

/**
 * `latest` is the deployment that is coming up, else the newest of any status. With some that are ready it is degraded
 * when another has gone bad, and running while those that are missing come up for the first time, as they do when it is
 * scaled. An instance that keeps crashing does not count as up in the moments it is: with one of those a service is
 * degraded, with nothing else it has failed. When all have ended and stay down it is stopped, or failed if one of them
 * ended badly.
 */
export function serviceStatus(
  service: Service,
  latest: Deployment | undefined,
  active: Deployment | undefined,
  records: readonly InstanceRecord[],
  now: number,
): ServiceStatus {
  const isComing = latest?.status === "pending" || latest?.status === "starting";
  if (service.desired === "stopped") return isComing ? "deploying" : "stopped";
  if (active === undefined) {
    if (latest === undefined || isWaiting(latest)) return "created";
    if (latest.status === "failed") return "failed";
    return latest.status === "cancelled" ? "created" : "deploying";
  }
  const own = records.filter((r) => r.deploymentId === active.id);
  const ready = own.filter((r) => r.state === "ready");
  const isSteady = ready.every((r) => !isLooping(r, now));
  const isSound = own.every((r) => r.state === "ready" || isLeaving(r) || isFirstStart(r));
  if (ready.length > 0) return isSteady && (isSound || ready.length >= active.replicas) ? "running" : "degraded";
  const staying = own.filter((r) => !isLeaving(r));
  if (staying.length > 0 && staying.every(isAtRest))
    return staying.every((r) => r.lastExitCode === 0) ? "stopped" : "failed";
  return own.some((r) => isLooping(r, now)) ? "failed" : "deploying";
}

function isFirstStart({ state, restartCount }: InstanceRecord): boolean {
  return state === "starting" && restartCount === 0;
}
