/** Waiting for how a deployment ends. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import type { EventBus } from "../domain/events.ts";

const COMING = ["building", "pending", "starting"];

/** Resolves with the deployment once it is healthy, failed, superseded or cancelled. @throws the signal's reason, AppError `not_found` */
export async function waitForOutcome(
  deployments: Pick<DeploymentStore, "get">,
  events: EventBus,
  deploymentId: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const stop = new AbortController();
  const either = AbortSignal.any([stop.signal, signal]);
  let wake: () => void = () => undefined;
  const unsubscribe = events.on((event) => {
    if ("deploymentId" in event ? event.deploymentId === deploymentId : event.type === "service.deleted") wake();
  });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
        either.addEventListener("abort", () => resolve(), { once: true });
      });
      const deployment = await deployments.get(deploymentId);
      if (!COMING.includes(deployment.status)) return deployment;
      await changed;
      signal.throwIfAborted();
    }
  } finally {
    stop.abort();
    unsubscribe();
  }
}
