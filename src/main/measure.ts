/** Counts what the event bus tells. */

import type { BuildStore } from "../domain/build.ts";
import type { EventBus } from "../domain/events.ts";
import type { Metrics } from "../http/metrics.ts";

export function countBuilds(
  events: EventBus,
  stores: { readonly builds: Pick<BuildStore, "get"> },
  metrics: Metrics,
): void {
  events.on((event) => {
    if (event.type !== "build.finished") return;
    stores.builds.get(event.buildId).then(
      (build) => {
        const { status } = build;
        if (status === "succeeded") metrics.countBuild(build.wasCached ? "cached" : "succeeded");
        else if (status === "failed" || status === "cancelled") metrics.countBuild(status);
      },
      // A function deleted meanwhile has taken its builds along: nothing is left to count.
      () => undefined,
    );
  });
}
