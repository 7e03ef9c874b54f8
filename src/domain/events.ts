/** What the platform announces of itself, and the bus that carries it (in-process, never blocks a publisher). */

import type { ServiceStatus } from "./service.ts";

export type DomainEvent =
  | { readonly type: "service.created" | "service.updated" | "service.deleted"; readonly serviceId: string }
  | {
      readonly type: "service.status.changed";
      readonly serviceId: string;
      readonly from: ServiceStatus;
      readonly to: ServiceStatus;
    }
  | {
      readonly type:
        | "deployment.created"
        | "deployment.built"
        | "deployment.starting"
        | "deployment.healthy"
        | "deployment.failed"
        | "deployment.cancelled";
      readonly serviceId: string;
      readonly deploymentId: string;
    }
  | { readonly type: "build.started" | "build.finished"; readonly serviceId: string; readonly buildId: string }
  | { readonly type: "instance.ready" | "instance.gone"; readonly serviceId: string; readonly slot: string };

export interface EventBus {
  publish(event: DomainEvent): void;
  /** Events from now on, in order. Too slow a reader loses the oldest. Ends when the signal aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<DomainEvent>;
  /** Calls `listener` for each event, in the publisher's turn; it must not throw. Answers how to stop. */
  on(listener: (event: DomainEvent) => void): () => void;
}
