/** What the platform announces of itself, and the bus that carries it (in-process, never blocks a publisher). */

import type { CanvasEdge, CanvasNode, NodePosition } from "./canvas.ts";
import type { PendingChange } from "./pending-change.ts";
import type { ApplyResult } from "./project-operations.ts";
import type { ServiceStatus } from "./service.ts";

export type DomainEvent =
  | { readonly type: "project.created" | "project.updated" | "project.deleted"; readonly projectId: string }
  | { readonly type: "service.created" | "service.updated"; readonly serviceId: string }
  | { readonly type: "service.deleted"; readonly serviceId: string; readonly projectId: string }
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
  | {
      readonly type: "instance.created" | "instance.ready" | "instance.gone";
      readonly serviceId: string;
      readonly slot: string;
      /** The driver's id of the copy, where there is one. */
      readonly runtimeId: string | null;
      readonly deploymentId: string;
    }
  | { readonly type: "user.created" | "user.updated" | "user.deleted"; readonly userId: string }
  | {
      readonly type: "changes.added";
      readonly projectId: string;
      readonly change: PendingChange;
    }
  | { readonly type: "changes.removed"; readonly projectId: string; readonly ids: readonly string[] }
  | { readonly type: "changes.cleared"; readonly projectId: string }
  | { readonly type: "changes.applied"; readonly projectId: string; readonly result: ApplyResult }
  | { readonly type: "canvas.node.upserted"; readonly projectId: string; readonly node: CanvasNode }
  | { readonly type: "canvas.node.deleted"; readonly projectId: string; readonly nodeId: string }
  | {
      readonly type: "canvas.nodes.moved";
      readonly projectId: string;
      readonly positions: readonly NodePosition[];
      /** The connection that moved them: it knows already. */
      readonly clientId: string;
      readonly userId: string | null;
    }
  | { readonly type: "canvas.edge.upserted"; readonly projectId: string; readonly edge: CanvasEdge }
  | { readonly type: "canvas.edge.deleted"; readonly projectId: string; readonly edgeId: string };

export interface EventBus {
  publish(event: DomainEvent): void;
  /** Events from now on, in order. Too slow a reader loses the oldest. Ends when the signal aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<DomainEvent>;
  /** Calls `listener` for each event, in the publisher's turn. One that throws hinders nobody. Answers how to stop. */
  on(listener: (event: DomainEvent) => void): () => void;
}
