/** What people may draw on a canvas. Pure. Positions of what is in a group are told from the group's corner. */

import type { CanvasEdge, CanvasNode } from "./canvas.ts";
import { AppError, invalidField } from "./errors.ts";
import { isManagedEdge } from "./managed-edges.ts";
import type { EdgeWish, NodeWish } from "./project-operations.ts";

/** Most nodes and edges of one project. */
export const MAX_NODES = 5_000;
export const MAX_EDGES = 20_000;
/** Longest label and longest data, in characters. */
const MAX_LABEL = 5_000;
const MAX_DATA = 32_768;
/** Most characters of all labels and data of a project's nodes, and of its edges: whoever comes is sent all of them at once. */
const MAX_TEXT = 8 * 1024 * 1024;
const MAX_COORDINATE = 10_000_000;
const MAX_SIDE = 100_000;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export type NodeSurroundings = {
  readonly projectId: string;
  /** The id of the node that is meant. */
  readonly id: string;
  /** What has that id now. */
  readonly before: CanvasNode | undefined;
  /** What has the id that the wish names as its parent. */
  readonly parent: CanvasNode | undefined;
  readonly now: number;
};

/**
 * The node as it is to be kept. What the wish leaves out stays; a service's node keeps its label, which is the service's
 * name.
 * @throws AppError `invalid`, `not_found` (the parent)
 */
export function drawnNode(wish: NodeWish, around: NodeSurroundings): CanvasNode {
  const { projectId, id, before, now } = around;
  requireId(id);
  requireOwn(before, projectId);
  if (before === undefined && wish.type === "service") {
    throw invalidField("type", "nodes of services come with their services", "Create the service instead.");
  }
  if (before !== undefined && before.type !== wish.type) throw invalidField("type", `it is a ${before.type}`);
  requirePosition({ x: wish.positionX, y: wish.positionY });
  const width = wish.width === undefined ? (before?.width ?? null) : wish.width;
  const height = wish.height === undefined ? (before?.height ?? null) : wish.height;
  requireSide("width", width);
  requireSide("height", height);
  if (wish.label.length > MAX_LABEL) throw invalidField("label", `has more than ${MAX_LABEL} characters`);
  return {
    id,
    projectId,
    type: wish.type,
    label: before?.type === "service" ? before.label : wish.label,
    positionX: wish.positionX,
    positionY: wish.positionY,
    width,
    height,
    serviceId: before?.serviceId ?? null,
    parentId: wish.parentId === undefined ? (before?.parentId ?? null) : parentOf(wish, around),
    data: wish.data === undefined ? (before?.data ?? "{}") : checkedData(wish.data),
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

function parentOf({ parentId, type }: NodeWish, { projectId, id, parent }: NodeSurroundings): string | null {
  if (parentId == null) return null;
  if (parentId === id) throw invalidField("parent_id", "a node can't be in itself");
  if (type === "group") throw invalidField("parent_id", "a group can't be in a group");
  if (parent === undefined || parent.projectId !== projectId)
    throw new AppError("not_found", `There is no node ${parentId} in this project.`);
  if (parent.type !== "group") throw invalidField("parent_id", `${parentId} is no group`);
  return parentId;
}

type Drawn = { readonly id: string; readonly label: string | null; readonly data: string };

/** Whether it needs to be asked if there is room for it. */
export function isMore(drawn: Drawn, before: Drawn | undefined): boolean {
  return before === undefined || textLength(drawn) > textLength(before);
}

/** @param present what there is of its kind now @throws AppError `conflict` */
export function requireRoom(drawn: Drawn, present: readonly Drawn[], most: number, what: "nodes" | "edges"): void {
  const others = present.filter(({ id }) => id !== drawn.id);
  const remedy = "Delete some that are not needed.";
  if (others.length >= most)
    throw new AppError("conflict", `This canvas has ${others.length} ${what}, which is as many as it can have.`, {
      remedy,
    });
  if (others.reduce((sum, other) => sum + textLength(other), textLength(drawn)) > MAX_TEXT)
    throw new AppError(
      "conflict",
      `Labels and data of this canvas's ${what} would have more than ${MAX_TEXT} characters.`,
      {
        remedy,
      },
    );
}

function textLength({ label, data }: Drawn): number {
  return (label?.length ?? 0) + data.length;
}

/** @throws AppError `invalid` also for one that Slipway keeps, `not_found` (an end) */
export function drawnEdge(
  wish: EdgeWish,
  around: {
    readonly projectId: string;
    readonly id: string;
    readonly before: CanvasEdge | undefined;
    readonly source: CanvasNode | undefined;
    readonly target: CanvasNode | undefined;
  },
): CanvasEdge {
  const { projectId, id, before } = around;
  requireId(id);
  requireOwn(before, projectId);
  if (before !== undefined) requireDrawnByPeople(before);
  for (const end of ["source", "target"] as const) {
    if (around[end]?.projectId === projectId) continue;
    throw new AppError("not_found", `There is no node ${wish[`${end}Id`]} in this project.`);
  }
  if (wish.sourceId === wish.targetId) throw invalidField("target_id", "an edge needs two different ends");
  const label = wish.label === undefined ? (before?.label ?? null) : wish.label;
  if ((label?.length ?? 0) > MAX_LABEL) throw invalidField("label", `has more than ${MAX_LABEL} characters`);
  const data = wish.data === undefined ? (before?.data ?? "{}") : checkedData(wish.data);
  const edge = { id, projectId, sourceId: wish.sourceId, targetId: wish.targetId, label, data };
  requireDrawnByPeople(edge);
  return edge;
}

/** @throws AppError `invalid` */
export function requireDrawnByPeople(edge: CanvasEdge): void {
  if (!isManagedEdge(edge)) return;
  throw new AppError("invalid", "Slipway draws this edge itself: a variable refers to that service.", {
    remedy: "Change the variable to change the edge.",
  });
}

/** @throws AppError `invalid` */
export function requirePosition({ x, y }: { readonly x: number; readonly y: number }): void {
  for (const [field, value] of [["x", x] as const, ["y", y] as const]) {
    if (!Number.isFinite(value) || Math.abs(value) > MAX_COORDINATE)
      throw invalidField(field, `must be a number from -${MAX_COORDINATE} to ${MAX_COORDINATE}`);
  }
}

function requireSide(field: string, side: number | null): void {
  if (side === null || (side >= 1 && side <= MAX_SIDE)) return;
  throw invalidField(field, `must be a number from 1 to ${MAX_SIDE}, or null`);
}

function requireId(id: string): void {
  if (!ID.test(id)) throw invalidField("id", "must have 1 to 64 letters, digits, _ or -");
}

/** What another project has is said as little about as what nobody has. */
function requireOwn(before: { readonly projectId: string } | undefined, projectId: string): void {
  if (before !== undefined && before.projectId !== projectId) throw invalidField("id", "can't be used here");
}

function checkedData(data: string): string {
  if (data.length > MAX_DATA) throw invalidField("data", `has more than ${MAX_DATA} characters`);
  try {
    JSON.parse(data);
  } catch {
    throw invalidField("data", "must be JSON text");
  }
  return data;
}
