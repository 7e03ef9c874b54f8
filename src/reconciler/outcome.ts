/** Waiting for how a deployment ends. */

import { COMING, type Deployment, type DeploymentStore } from "../domain/deployment.ts";
import type { EventBus } from "../domain/events.ts";

/** Resolves with the deployment once it is healthy, failed, superseded or cancelled. @throws the signal's reason, AppError `not_found` */
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
