/** One table of status words: how builds, deployments and services are called on each surface (design 8.2). Pure. */

import { type Deployment, isComing, isWaiting } from "./deployment.ts";
import type { Service } from "./service.ts";

/** lambdaathome's words. */
export type UploadStatus = "building" | "starting" | "running" | "failed" | "stopped";

/**
 * What lambdaathome's surface says of a function. It speaks of the latest upload: one that failed is `failed` even
 * while the version before it serves, so that nobody takes a failed upload for a good one.
 */
export function uploadStatus(
  service: Service,
  latest: Deployment | undefined,
  active: Deployment | undefined,
): UploadStatus {
  const isNew = latest !== undefined && latest.id !== active?.id;
  if (isNew && latest.status === "building") return "building";
  if (isNew && (latest.status === "pending" || latest.status === "starting")) return "starting";
  if (service.desired === "stopped" || (active === undefined && latest !== undefined && isWaiting(latest)))
    return "stopped";
  if (isNew) {
    if (latest.status === "failed" && !isOlder(latest, active)) return "failed";
  }
  if (service.status === "running" || service.status === "degraded") return "running";
  if (service.status === "failed") return "failed";
  return active === undefined ? "failed" : "starting";
}

/** Why the latest upload failed, or null; says so when the version before it serves on. */
export function uploadError(
  service: Service,
  latest: Deployment | undefined,
  active: Deployment | undefined,
): string | null {
  const status = uploadStatus(service, latest, active);
  if (status === "stopped" && latest?.status === "failed")
    return `${latest.failureReason} (the function stays stopped)`;
  if (status !== "failed") return null;
  const reason =
    latest?.failureReason ??
    (latest?.status === "cancelled" ? "cancelled before it was ready" : "its instance does not stay up");
  return active !== undefined && active.id !== latest?.id ? `${reason} (the version before it keeps serving)` : reason;
}

/**
 * What lambdaathome's surface shows as the function's own: what its latest upload asks for while that is coming, what the
 * function has once it is known how that ended.
 */
export function latestUpload(
  service: Service,
  latest: Deployment | undefined,
): Pick<Service, "localPort" | "tag" | "runtime" | "volumeText"> {
  if (latest === undefined || !isComing(latest)) return service;
  const { runtime, volumeText } = latest;
  return { localPort: latest.localPort ?? service.localPort, tag: latest.tag ?? service.tag, runtime, volumeText };
}

function isOlder(deployment: Deployment, active: Deployment | undefined): boolean {
  return active?.healthyAt != null && active.healthyAt > (deployment.finishedAt ?? deployment.createdAt);
}
