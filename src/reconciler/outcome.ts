/** Waiting for how a deployment ends, and for what else becomes of a service. */

import type { Clock } from "../domain/clock.ts";
import { COMING, type Deployment, type DeploymentStore } from "../domain/deployment.ts";
import type { EventBus } from "../domain/events.ts";

/** Resolves with the deployment once it is built (and waits), healthy, failed, superseded or cancelled. @throws the signal's reason, AppError `not_found` */
export async function waitForOutcome(
  deployments: Pick<DeploymentStore, "get">,
  events: EventBus,
  deploymentId: string,
  signal: AbortSignal,
): Promise<Deployment> {
  let wake: () => void = () => undefined;
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  const unsubscribe = events.on((event) => {
    if ("deploymentId" in event ? event.deploymentId === deploymentId : event.type === "service.deleted") wake();
  });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const deployment = await deployments.get(deploymentId);
      if (!COMING.includes(deployment.status)) return deployment;
      signal.throwIfAborted();
      await changed;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    unsubscribe();
  }
}

/** Resolves when something is announced of the service, after `limitMs`, or when the signal aborts. */
export function nextChangeOf(
  serviceId: string,
  { events, clock }: { readonly events: Pick<EventBus, "on">; readonly clock: Pick<Clock, "schedule"> },
  limitMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      unsubscribe();
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.schedule(limitMs, end);
    const unsubscribe = events.on((event) => {
      if ("serviceId" in event && event.serviceId === serviceId) end();
    });
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted === true) end();
  });
}
