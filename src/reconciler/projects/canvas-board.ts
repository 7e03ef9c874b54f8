/**
 * The canvas of each project as people edit it. What has a consequence for services is staged: deleting a service's node
 * stages the service's deletion and keeps the node, dragging it into another group stages that. All else acts at once.
 * A group that is deleted takes its variables along; what was in it stays where it was seen, and that its services leave
 * it is staged, so that they run on with those variables until the changes are applied.
 */

import type { CanvasEdge, CanvasNode, NodePosition } from "../../domain/canvas.ts";
import {
  drawnEdge,
  drawnNode,
  isMore,
  MAX_EDGES,
  MAX_NODES,
  requireDrawnByPeople,
  requirePosition,
  requireRoom,
} from "../../domain/canvas-rules.ts";
import { AppError } from "../../domain/errors.ts";
import type { DomainEvent, EventBus } from "../../domain/events.ts";
import type { PendingChange, ServiceDraft } from "../../domain/pending-change.ts";
import type { CanvasBoard, EdgeWish, NodeWish } from "../../domain/project-operations.ts";
import type { Database, Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { NodeMoves, type NodeMovesOptions } from "./node-moves.ts";
import { serviceNode } from "./service-records.ts";
import { type StagedReparent, stageReparent } from "./stage-reparent.ts";
import type { StagedLog } from "./staged-log.ts";

export type StoredCanvasBoardOptions = NodeMovesOptions & {
  readonly database: Database;
  readonly events: EventBus;
  readonly staged: Pick<StagedLog, "appendIn" | "announceReparent">;
};

export class StoredCanvasBoard implements CanvasBoard {
  readonly #options: StoredCanvasBoardOptions;
  readonly #moves: NodeMoves;

  constructor(options: StoredCanvasBoardOptions) {
    this.#options = options;
    this.#moves = new NodeMoves(options);
  }

  async state(
    projectId: string,
  ): Promise<{ readonly nodes: readonly CanvasNode[]; readonly edges: readonly CanvasEdge[] }> {
    const { canvas } = this.#options.database;
    const [nodes, edges] = await Promise.all([canvas.listNodes(projectId), canvas.listEdges(projectId)]);
    return { nodes: nodes.map((node) => this.#moves.apply(node)), edges };
  }

  async upsertNode(projectId: string, wish: NodeWish, userId: string | null): Promise<CanvasNode> {
    const { database, clock, staged } = this.#options;
    const id = wish.id ?? newId();
    const { node, reparented } = await database.transact(async (tx) => {
      const before = await tx.canvas.findNode(id);
      const parent = wish.parentId == null ? undefined : await tx.canvas.findNode(wish.parentId);
      const node = drawnNode(wish, { projectId, id, before, parent, now: clock.now() });
      if (isMore(node, before)) requireRoom(node, await tx.canvas.listNodes(projectId), MAX_NODES, "nodes");
      await tx.canvas.putNode(node);
      if (node.serviceId === null || before === undefined || before.parentId === node.parentId) return { node };
      return { node, reparented: await this.#reparent(tx, node, before.parentId, userId) };
    });
    this.#moves.forget(id);
    this.#publish({ type: "canvas.node.upserted", projectId, node });
    if (reparented !== undefined) staged.announceReparent(projectId, reparented);
    return node;
  }

  async deleteNode(projectId: string, nodeId: string, userId: string | null): Promise<void> {
    const { database, staged } = this.#options;
    const outcome = await database.transact(async (tx) => {
      const node = await tx.canvas.findNode(nodeId);
      if (node === undefined || node.projectId !== projectId)
        throw new AppError("not_found", `There is no node ${nodeId} in this project.`);
      if (node.serviceId === null) return this.#removeNode(tx, this.#moves.apply(node), userId);
      const body = { op: "service.delete", targetId: node.serviceId, payload: {} } as const;
      const isStaged = (await tx.pendingChanges.list(projectId)).some(
        (change) => change.op === body.op && change.targetId === body.targetId,
      );
      return isStaged ? undefined : { change: await staged.appendIn(tx, projectId, body, userId) };
    });
    // Two people may delete it at once: it is deleted once.
    if (outcome === undefined) return;
    if ("change" in outcome) {
      this.#publish({ type: "changes.added", projectId, change: outcome.change });
      return;
    }
    this.#moves.forget(nodeId);
    const { freed, reparented, changeIds, edgeIds } = outcome;
    for (const { id } of freed) this.#moves.forget(id);
    for (const node of freed) this.#publish({ type: "canvas.node.upserted", projectId, node });
    for (const one of reparented) staged.announceReparent(projectId, one);
    if (changeIds.length > 0) this.#publish({ type: "changes.removed", projectId, ids: changeIds });
    for (const edgeId of edgeIds) this.#publish({ type: "canvas.edge.deleted", projectId, edgeId });
    this.#publish({ type: "canvas.node.deleted", projectId, nodeId });
  }

  async moveNodes(
    projectId: string,
    positions: readonly NodePosition[],
    by: { readonly clientId: string; readonly userId: string | null },
  ): Promise<void> {
    for (const position of positions) requirePosition(position);
    const moved = await this.#moves.add(projectId, positions);
    if (moved.length > 0) this.#publish({ type: "canvas.nodes.moved", projectId, positions: moved, ...by });
  }

  async upsertEdge(projectId: string, wish: EdgeWish): Promise<CanvasEdge> {
    const id = wish.id ?? newId();
    const edge = await this.#options.database.transact(async ({ canvas }) => {
      const before = await canvas.findEdge(id);
      const [source, target] = [await canvas.findNode(wish.sourceId), await canvas.findNode(wish.targetId)];
      const drawn = drawnEdge(wish, { projectId, id, before, source, target });
      if (isMore(drawn, before)) requireRoom(drawn, await canvas.listEdges(projectId), MAX_EDGES, "edges");
      await canvas.putEdge(drawn);
      return drawn;
    });
    this.#publish({ type: "canvas.edge.upserted", projectId, edge });
    return edge;
  }

  async deleteEdge(projectId: string, edgeId: string): Promise<void> {
    await this.#options.database.transact(async ({ canvas }) => {
      const edge = await canvas.findEdge(edgeId);
      if (edge === undefined || edge.projectId !== projectId)
        throw new AppError("not_found", `There is no edge ${edgeId} in this project.`);
      requireDrawnByPeople(edge);
      await canvas.removeEdge(edgeId);
    });
    this.#publish({ type: "canvas.edge.deleted", projectId, edgeId });
  }

  async createService(
    projectId: string,
    draft: ServiceDraft,
    at: { readonly x: number; readonly y: number },
    userId: string | null,
  ): Promise<{ readonly node: CanvasNode; readonly change: PendingChange }> {
    const { database, clock, staged } = this.#options;
    requirePosition(at);
    const { node, change } = await database.transact(async (tx) => {
      const node = stagedNode(projectId, draft, at, clock.now());
      requireRoom(node, await tx.canvas.listNodes(projectId), MAX_NODES, "nodes");
      await tx.canvas.putNode(node);
      const body = { op: "service.create", targetTempId: node.id, payload: draft } as const;
      return { node, change: await staged.appendIn(tx, projectId, body, userId) };
    });
    this.#publish({ type: "canvas.node.upserted", projectId, node });
    this.#publish({ type: "changes.added", projectId, change });
    return { node, change };
  }

  /** Positions that are not written yet are. */
  close(): Promise<void> {
    return this.#moves.close();
  }

  #reparent(tx: Stores, node: CanvasNode, previousParentId: string | null, userId: string | null) {
    const { projectId, serviceId } = node;
    return stageReparent(tx, { projectId, serviceId: serviceId ?? "", previousParentId }, (body) =>
      this.#options.staged.appendIn(tx, projectId, body, userId),
    );
  }

  /** With the staged entries that are about it: those of a staged service, those about variables of a group. */
  async #removeNode(tx: Stores, node: CanvasNode, userId: string | null) {
    const { projectId, id } = node;
    const nodes = await tx.canvas.listNodes(projectId);
    const freed: CanvasNode[] = [];
    const reparented: StagedReparent[] = [];
    for (const child of nodes.filter(({ parentId }) => parentId === id)) {
      const out = this.#takeOut(child, node);
      await tx.canvas.putNode(out);
      freed.push(out);
      if (out.serviceId !== null) reparented.push(await this.#reparent(tx, out, id, userId));
    }
    const changeIds = (await tx.pendingChanges.list(projectId)).filter((c) => isAbout(c, id)).map((c) => c.id);
    for (const changeId of changeIds) await tx.pendingChanges.remove(changeId);
    const edges = await tx.canvas.listEdges(projectId);
    const edgeIds = edges.filter(({ sourceId, targetId }) => sourceId === id || targetId === id).map((e) => e.id);
    await tx.canvas.removeNode(id);
    return { freed, reparented, changeIds, edgeIds };
  }

  /** Where it was seen, but in no group. */
  #takeOut(child: CanvasNode, group: CanvasNode): CanvasNode {
    const { positionX, positionY } = this.#moves.apply(child);
    return {
      ...child,
      parentId: null,
      positionX: group.positionX + positionX,
      positionY: group.positionY + positionY,
      updatedAt: this.#options.clock.now(),
    };
  }

  #publish(event: DomainEvent): void {
    this.#options.events.publish(event);
  }
}

/** The node of a service that is only staged: its id is the temporary id. */
function stagedNode(
  projectId: string,
  { name, settings, iconUrl, preset }: ServiceDraft,
  { x, y }: { readonly x: number; readonly y: number },
  now: number,
): CanvasNode {
  const data = JSON.stringify({ image: settings.image ?? null, icon_url: iconUrl, preset });
  return serviceNode({ projectId, serviceId: null, name, data }, { x, y }, now);
}

function isAbout(change: PendingChange, nodeId: string): boolean {
  switch (change.op) {
    case "service.create":
      return change.targetTempId === nodeId;
    case "env_var.create":
      return change.parentTempId === nodeId || (change.payload.scope === "group" && change.targetId === nodeId);
    case "env_var.update":
    case "env_var.delete":
      return change.payload.scope === "group" && change.payload.scopeId === nodeId;
    default:
      return false;
  }
}
