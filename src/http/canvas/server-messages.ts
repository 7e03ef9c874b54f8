/** What a canvas says to its clients, as it stands on the wire. */

import type { CanvasEdge, CanvasNode, NodePosition } from "../../domain/canvas.ts";
import { parentsFirst } from "../../domain/canvas-layout.ts";

export type Person = { readonly user_id: string; readonly user_name: string };

/** A service that somebody is about to create. */
export type DraftView = Person & { readonly draft_id: string; readonly x: number; readonly y: number };

export function nodeView(node: CanvasNode) {
  return {
    id: node.id,
    project_id: node.projectId,
    type: node.type,
    label: node.label,
    position_x: node.positionX,
    position_y: node.positionY,
    width: node.width,
    height: node.height,
    service_id: node.serviceId,
    parent_id: node.parentId,
    data: node.data,
    created_at: new Date(node.createdAt).toISOString(),
    updated_at: new Date(node.updatedAt).toISOString(),
  };
}

export function edgeView({ id, projectId, sourceId, targetId, label, data }: CanvasEdge) {
  return { id, project_id: projectId, source_id: sourceId, target_id: targetId, label, data };
}

/** Groups come before what is in them. */
export function stateView(state: { readonly nodes: readonly CanvasNode[]; readonly edges: readonly CanvasEdge[] }) {
  return { nodes: parentsFirst(state.nodes).map(nodeView), edges: state.edges.map(edgeView) };
}

export function movedView(positions: readonly NodePosition[], userId: string) {
  return { positions: positions.map(({ id, x, y }) => ({ id, x, y })), user_id: userId };
}

/** One message, ready to be sent to many. */
export function encode(type: string, payload: unknown): Buffer {
  return Buffer.from(JSON.stringify({ type, payload }));
}
