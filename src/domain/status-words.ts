/** One table of status words: how builds, deployments and services are called on each surface (design 8.2). Pure. */

import type { Deployment } from "./deployment.ts";
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
  if (service.desired === "stopped") return "stopped";
  if (latest !== undefined && latest.id !== active?.id) {
    if (latest.status === "building") return "building";
    if (latest.status === "pending" || latest.status === "starting") return "starting";
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
  if (uploadStatus(service, latest, active) !== "failed") return null;
  const reason =
    latest?.failureReason ??
    (latest?.status === "cancelled" ? "cancelled before it was ready" : "its instance does not stay up");
  return active !== undefined && active.id !== latest?.id ? `${reason} (the version before it keeps serving)` : reason;
}

function isOlder(deployment: Deployment, active: Deployment | undefined): boolean {
  return active?.healthyAt != null && active.healthyAt > (deployment.finishedAt ?? deployment.createdAt);
}
