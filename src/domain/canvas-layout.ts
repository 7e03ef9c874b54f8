/** Where nodes of the canvas go that nobody placed, and in which order nodes are told. Pure. */

import type { CanvasNode, NodeType } from "./canvas.ts";

/** Size of a node that has none of its own, in the canvas's units. */
export const NODE_SIZES: Readonly<Record<NodeType, { readonly width: number; readonly height: number }>> = {
  service: { width: 220, height: 100 },
  label: { width: 160, height: 40 },
  group: { width: 520, height: 360 },
  note: { width: 220, height: 220 },
};

/** Free space around a node that is placed. */
const GAP = 40;
const COLUMNS = 4;

type Placed = Pick<CanvasNode, "type" | "positionX" | "positionY" | "width" | "height" | "parentId">;
type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/**
 * A place for one more service: the first of a grid's cells, row by row, where it touches no other node. Nodes in
 * groups lie within those and are not looked at.
 */
export function nextFreePosition(nodes: readonly Placed[]): { readonly x: number; readonly y: number } {
  const taken = nodes.filter((node) => node.parentId === null).map(boxOf);
  const { width, height } = NODE_SIZES.service;
  const stepX = width + GAP;
  const stepY = height + GAP;
  for (let cell = 0; cell < (taken.length + 1) * COLUMNS; cell += 1) {
    const x = (cell % COLUMNS) * stepX;
    const y = Math.floor(cell / COLUMNS) * stepY;
    if (!taken.some((box) => touches(box, { x, y, width, height }))) return { x, y };
  }
  // Large nodes cover the whole grid: below all of them.
  return { x: 0, y: Math.max(...taken.map((box) => box.y + box.height)) + GAP };
}

/** Groups before what may be in them, otherwise as they were. */
export function parentsFirst<T extends Pick<CanvasNode, "parentId">>(nodes: readonly T[]): readonly T[] {
  return [...nodes.filter((node) => node.parentId === null), ...nodes.filter((node) => node.parentId !== null)];
}

function boxOf({ type, positionX, positionY, width, height }: Placed): Box {
  const size = NODE_SIZES[type];
  return { x: positionX, y: positionY, width: width ?? size.width, height: height ?? size.height };
}

function touches(a: Box, b: Box): boolean {
  const isBeside = a.x + a.width + GAP <= b.x || b.x + b.width + GAP <= a.x;
  const isAbove = a.y + a.height + GAP <= b.y || b.y + b.height + GAP <= a.y;
  return !isBeside && !isAbove;
}
