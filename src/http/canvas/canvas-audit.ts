/**
 * Changes made on a canvas, in the audit log. What a hand does many times a second (dragging, sizing, typing) is written
 * down once a minute per node, or it would wash everything else out of the log.
 */

import type { Actor } from "../../domain/actor.ts";
import { type AuditLog, auditOf } from "../../domain/audit.ts";
import type { ClientMessage } from "./client-messages.ts";
import { isPassing } from "./commands.ts";

/** One connection, as the log tells it. */
export type Visit = {
  /** The path as it was sent. */
  readonly path: string;
  /** IP address of the client. */
  readonly from: string;
  readonly requestId: string;
};

const SAME_MS = 60_000;
/** What was written lately and is remembered. */
const MAX_RECENT = 10_000;

export class CanvasAudit {
  readonly #audit: AuditLog;
  readonly #recent = new Map<string, number>();

  constructor({ audit }: { readonly audit: AuditLog }) {
    this.#audit = audit;
  }

  /** @throws AppError what the store throws: the change was made, but could not be written down */
  async record(actor: Actor, message: ClientMessage, { path, from, requestId }: Visit): Promise<void> {
    if (isPassing(message) || this.#wasRecorded(requestId, message)) return;
    const target = `${path.split("?")[0]} ${objectOf(message)}`.trimEnd();
    await this.#audit.record(auditOf(actor, { action: `ws ${message.type}`, target, status: 200, from, requestId }));
  }

  #wasRecorded(requestId: string, message: ClientMessage): boolean {
    if (message.type !== "node:move" && message.type !== "node:upsert" && message.type !== "edge:upsert") return false;
    const now = performance.now();
    const key = `${requestId} ${message.type} ${objectOf(message)}`;
    const isRecent = now - (this.#recent.get(key) ?? Number.NEGATIVE_INFINITY) < SAME_MS;
    if (isRecent) return true;
    if (this.#recent.size >= MAX_RECENT) this.#recent.clear();
    this.#recent.set(key, now);
    return false;
  }
}

/** What was changed: its id, or its name while it has none. Which nodes were dragged is not written down. */
function objectOf({ type, payload }: ClientMessage): string {
  switch (type) {
    case "service:create":
      return payload.name;
    case "node:upsert":
    case "node:delete":
    case "edge:upsert":
    case "edge:delete":
      return payload.id ?? "";
    default:
      return "";
  }
}
