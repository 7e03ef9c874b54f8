/** Tells the canvases what the platform announces: which event becomes which messages, and to whom. */

import type { Deployment } from "../../domain/deployment.ts";
import type { DomainEvent } from "../../domain/events.ts";
import type { CanvasBoard, StagedChanges } from "../../domain/project-operations.ts";
import type { Service } from "../../domain/service.ts";
import type { Stores } from "../../domain/stores.ts";
import { applyResultView, pendingChangeView } from "../project-views.ts";
import type { ServiceViewer } from "../service-views.ts";
import type { CanvasClient } from "./client.ts";
import type { Room } from "./room.ts";
import { edgeView, movedView, nodeView, stateView } from "./server-messages.ts";

export type EventTellerOptions = {
  readonly rooms: ReadonlyMap<string, Room>;
  readonly board: Pick<CanvasBoard, "state">;
  readonly staged: Pick<StagedChanges, "list">;
  readonly stores: Pick<Stores, "services" | "deployments">;
  readonly viewer: ServiceViewer;
  readonly onProjectGone: (room: Room) => void;
};

/** Projects of services that are remembered: what happens to instances of a deleted service must be told, too. */
const MAX_KNOWN = 10_000;

export class EventTeller {
  readonly #options: EventTellerOptions;
  readonly #projects = new Map<string, string>();

  constructor(options: EventTellerOptions) {
    this.#options = options;
  }

  /** At once where the event says everything. Without anybody to tell nothing is looked up. */
  tell(event: DomainEvent): void | Promise<void> {
    const { rooms } = this.#options;
    if (rooms.size === 0) {
      this.#projects.clear();
      return;
    }
    if (!("projectId" in event)) return "serviceId" in event ? this.#tellOfService(event) : undefined;
    const room = rooms.get(event.projectId);
    if (room !== undefined) return this.#tellRoom(room, event);
  }

  /** Everything a client must know, in the order the reference has it. @param onRead called before it is told */
  async tellAll(room: Room, client: CanvasClient, onRead: () => void = () => undefined): Promise<void> {
    const state = stateView(await this.#options.board.state(room.projectId));
    const changes = (await this.#options.staged.list(room.projectId)).map(pendingChangeView);
    onRead();
    client.tell("canvas:state", state);
    client.tell("users:list", { users: room.people() });
    client.tell("service:drafts", { drafts: room.drafts() });
    client.tell("pending-changes:state", { changes });
  }

  #tellRoom(room: Room, event: Extract<DomainEvent, { readonly projectId: string }>): void | Promise<void> {
    switch (event.type) {
      case "canvas.node.upserted":
        return room.tell("node:upserted", nodeView(event.node));
      case "canvas.node.deleted":
        return room.tell("node:deleted", { id: event.nodeId });
      case "canvas.nodes.moved": {
        const mover = [...room.clients].find(({ id }) => id === event.clientId);
        const userId = mover?.person.user_id ?? event.userId ?? "";
        return room.tell("node:moved", movedView(event.positions, userId), mover);
      }
      case "canvas.edge.upserted":
        return room.tell("edge:upserted", edgeView(event.edge));
      case "canvas.edge.deleted":
        return room.tell("edge:deleted", { id: event.edgeId });
      case "changes.added":
        return room.tell("pending-change:added", pendingChangeView(event.change));
      case "changes.removed":
        return room.tell("pending-changes:removed", { ids: event.ids });
      case "changes.cleared":
        // Dragged services went back where they were.
        return this.#tellState(room).then(() => room.tell("pending-changes:cleared", {}));
      case "changes.applied":
        return this.#tellApplied(room, event);
      case "service.deleted":
        this.#remember(event.serviceId, event.projectId);
        return room.tell("service:deleted", { service_id: event.serviceId });
      case "project.deleted":
        return this.#options.onProjectGone(room);
      case "project.created":
      case "project.updated":
        return;
    }
  }

  async #tellOfService(
    event: Exclude<Extract<DomainEvent, { readonly serviceId: string }>, { readonly projectId: string }>,
  ): Promise<void> {
    const { serviceId } = event;
    const { stores, viewer, rooms } = this.#options;
    const service = await stores.services.find(serviceId);
    const projectId = service?.projectId ?? this.#projects.get(serviceId);
    const room = projectId === undefined ? undefined : rooms.get(projectId);
    if (room === undefined || projectId === undefined) return;
    this.#remember(serviceId, projectId);
    switch (event.type) {
      case "service.created":
      case "service.updated":
        if (service !== undefined) room.tell("service:upserted", await viewer.service(service));
        return;
      case "service.status.changed":
        room.tell("service:status-changed", { service_id: serviceId, old_status: event.from, new_status: event.to });
        return;
      case "deployment.created":
      case "deployment.built":
      case "deployment.starting":
      case "deployment.healthy":
      case "deployment.failed":
      case "deployment.cancelled":
        return service && this.#tellOfDeployment(room, service, event);
      case "instance.created":
        return room.tell("container:created", containerView(event));
      case "instance.gone":
        return room.tell("container:deleted", containerView(event));
      case "instance.ready":
      case "build.started":
      case "build.finished":
        return;
    }
  }

  async #tellOfDeployment(
    room: Room,
    service: Service,
    { type, deploymentId }: { readonly type: `deployment.${string}`; readonly deploymentId: string },
  ): Promise<void> {
    const { stores, viewer } = this.#options;
    const deployment = (await stores.deployments.list({ serviceId: service.id })).find(({ id }) => id === deploymentId);
    if (deployment === undefined) return;
    if (type === "deployment.created") {
      room.tell("deployment:created", { deployment: await viewer.deployment(deployment, service) });
      return;
    }
    room.tell(type.replace(".", ":"), progressView(deployment));
  }

  async #tellApplied(
    room: Room,
    { result }: Extract<DomainEvent, { readonly type: "changes.applied" }>,
  ): Promise<void> {
    const { stores, viewer } = this.#options;
    const deployments = [];
    for (const deployment of result.createdDeployments) {
      const service = await stores.services.find(deployment.serviceId);
      if (service !== undefined) deployments.push(await viewer.deployment(deployment, service));
    }
    await this.#tellState(room);
    room.tell("pending-changes:applied", applyResultView(result, deployments));
  }

  async #tellState(room: Room): Promise<void> {
    room.tell("canvas:state", stateView(await this.#options.board.state(room.projectId)));
  }

  #remember(serviceId: string, projectId: string): void {
    if (this.#projects.size >= MAX_KNOWN) this.#projects.clear();
    this.#projects.set(serviceId, projectId);
  }
}

function progressView({ id, serviceId, status, failureReason, attemptCount }: Deployment) {
  return {
    deployment_id: id,
    service_id: serviceId,
    status,
    ...(failureReason !== null && { failure_reason: failureReason }),
    attempt_count: attemptCount,
  };
}

/** As the list of containers names it. */
function containerView(instance: {
  readonly slot: string;
  readonly serviceId: string;
  readonly deploymentId: string;
  readonly runtimeId: string | null;
}) {
  const { slot, serviceId, deploymentId, runtimeId } = instance;
  return { id: slot, service_id: serviceId, deployment_id: deploymentId, docker_container_id: runtimeId };
}
