/** Where the hosts and paths of a service answer, as people are shown it. Pure. */

import type { RouteClaim } from "./route-claim.ts";

export type RouteBases = {
  /** The port as it follows a host in a URL: `:8080`, or nothing for 80. */
  readonly portText: string;
  /** Where path routes answer, without a slash at the end, e.g. `http://127.0.0.1:8080`. */
  readonly pathBase: string;
};

/** One URL for each, in their order. */
export function urlsOf(routes: readonly RouteClaim[], { portText, pathBase }: RouteBases): readonly string[] {
  return routes.map(({ kind, value }) => (kind === "host" ? `http://${value}${portText}/` : `${pathBase}${value}`));
}
