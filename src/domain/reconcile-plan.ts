/** What a plan of planReconcile is made from, and what it is made of. */

import type { Deployment } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import type { InstanceRecord, Look } from "./instance.ts";
import type { Service } from "./service.ts";

export type ReconcileInput = {
  readonly now: number;
  /** Undefined once it was deleted: then everything of it goes. */
  readonly service: Service | undefined;
  /** Those of the service that are pending, starting or healthy, newest first. */
  readonly deployments: readonly Deployment[];
  readonly records: readonly InstanceRecord[];
  readonly observed: readonly ObservedInstance[];
  /** By runtime id; none before the first look. */
  readonly looks: ReadonlyMap<string, Look>;
  /** How instances did in their deployment's test, by runtime id: null passed, else why not. None while it runs. */
  readonly verdicts: ReadonlyMap<string, string | null>;
};

export type Action =
  /** The candidate's turn begins: pending → starting. */
  | { readonly kind: "begin"; readonly deploymentId: string }
  /** A newer candidate took its place. */
  | { readonly kind: "cancel"; readonly deploymentId: string }
  /** Create and start the copy of that slot. */
  | { readonly kind: "start"; readonly deploymentId: string; readonly replica: number }
  /** It answers: requests may go to it, and on its project's network it has these names. */
  | { readonly kind: "ready"; readonly slot: string; readonly port: number | null; readonly names: readonly string[] }
  /** On its project's network it has exactly these names from now on. */
  | { readonly kind: "name"; readonly slot: string; readonly names: readonly string[] }
  /** It went bad: keep its last words, remove the copy, start it again at `nextStartAt`. */
  | {
      readonly kind: "crashed";
      readonly slot: string;
      readonly reason: string;
      readonly exitCode: number | null;
      /** How often it has gone bad in a row, this time included. */
      readonly failures: number;
      /** NEVER: it stays down. */
      readonly nextStartAt: number;
      /** It still runs in the route: requests under way may end first. */
      readonly isServing: boolean;
    }
  /** All replicas are ready: that one is asked what the deployment's test says. */
  | { readonly kind: "test"; readonly deploymentId: string; readonly slot: string }
  /** All replicas are ready, and one has passed the test if there is one: this deployment serves from now on. */
  | { readonly kind: "promote"; readonly deploymentId: string }
  | {
      readonly kind: "fail";
      readonly deploymentId: string;
      readonly reason: string;
      readonly exitCode: number | null;
      readonly slot: string;
    }
  /** Take it out of the route, let its requests end, stop it, remove it. */
  | { readonly kind: "drain"; readonly slot: string }
  /** Not in any route: remove at once. */
  | { readonly kind: "remove"; readonly slot: string | null; readonly runtimeId: string | null };

export type ReconcilePlan = {
  readonly actions: readonly Action[];
  /** Look again at this time even if nothing happens; ms since the epoch. */
  readonly nextLookAt: number | null;
};
