/**
 * Positions of nodes that people drag: known at once, written together a few times a second. A process that is killed
 * loses the last of them.
 */

import type { CanvasNode, NodePosition } from "../../domain/canvas.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Logger } from "../../domain/logger.ts";
import type { Database } from "../../domain/stores.ts";

export type NodeMovesOptions = {
  readonly database: Pick<Database, "canvas" | "transact">;
  readonly clock: Clock;
  readonly logger: Logger;
};

type Move = { readonly projectId: string; readonly x: number; readonly y: number };

/** From the first move to its being written, in milliseconds. */
const WRITE_AFTER_MS = 250;

export class NodeMoves {
  readonly #options: NodeMovesOptions;
  #waiting = new Map<string, Move>();
  /** Those that are being written. */
  readonly #writing = new Map<string, Move>();
  #cancel: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: NodeMovesOptions) {
    this.#options = options;
  }

  /** Takes positions of nodes of that project; answers those of nodes that are there. */
  async add(projectId: string, positions: readonly NodePosition[]): Promise<readonly NodePosition[]> {
    const { database, clock } = this.#options;
    const taken: NodePosition[] = [];
    for (const { id, x, y } of positions) {
      const known = this.#of(id) ?? (await database.canvas.findNode(id));
      if (known?.projectId !== projectId) continue;
      this.#waiting.set(id, { projectId, x, y });
      taken.push({ id, x, y });
    }
    if (this.#waiting.size > 0 && !this.#isClosed)
      this.#cancel ??= clock.schedule(WRITE_AFTER_MS, () => void this.#write());
    return taken;
  }

  /** The node where it is now. */
  apply(node: CanvasNode): CanvasNode {
    const move = this.#of(node.id);
    return move === undefined ? node : { ...node, positionX: move.x, positionY: move.y };
  }

  /** What was moved before counts no more: the node was placed or is gone. */
  forget(nodeId: string): void {
    this.#waiting.delete(nodeId);
    this.#writing.delete(nodeId);
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#write();
  }

  #of(nodeId: string): Move | undefined {
    return this.#waiting.get(nodeId) ?? this.#writing.get(nodeId);
  }

  #write(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#work = this.#work.then(() => this.#writeAll());
    return this.#work;
  }

  async #writeAll(): Promise<void> {
    const { database, clock, logger } = this.#options;
    for (const [id, move] of this.#waiting) this.#writing.set(id, move);
    this.#waiting = new Map();
    if (this.#writing.size === 0) return;
    try {
      await database.transact(async (tx) => {
        for (const [id, { x, y }] of this.#writing) {
          const node = await tx.canvas.findNode(id);
          if (node !== undefined)
            await tx.canvas.putNode({ ...node, positionX: x, positionY: y, updatedAt: clock.now() });
        }
      });
      this.#writing.clear();
    } catch (error) {
      // They stay known, and are written with the next ones.
      logger.warn({ err: error, count: this.#writing.size }, "positions on the canvas could not be written");
    }
  }
}
