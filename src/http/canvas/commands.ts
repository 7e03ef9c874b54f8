/** What each message of a client does. */

import { userIdOf } from "../../domain/actor.ts";
import { AppError, invalidField } from "../../domain/errors.ts";
import type { PresetCatalog } from "../../domain/preset.ts";
import type { CanvasBoard, NodeWish } from "../../domain/project-operations.ts";
import { pendingChangeView } from "../project-views.ts";
import { draftOf } from "../service-drafts.ts";
import type { CanvasClient } from "./client.ts";
import type { ClientMessage, ClientPayload } from "./client-messages.ts";
import type { Room } from "./room.ts";
import { nodeView } from "./server-messages.ts";

export type CommandParts = {
  readonly board: CanvasBoard;
  readonly presets: PresetCatalog;
};

/** Messages that only others on the canvas see, and nothing is kept of. */
export function isPassing({ type }: ClientMessage): boolean {
  return type === "cursor:move" || type === "service:draft-start" || type === "service:draft-cancel";
}

/** @throws AppError; what is wrong with a message that is passing is told to its sender */
export async function carryOut(
  { type, payload }: ClientMessage,
  room: Room,
  client: CanvasClient,
  { board, presets }: CommandParts,
): Promise<void> {
  const { projectId } = room;
  const userId = userIdOf(client.actor);
  switch (type) {
    case "node:upsert":
      await board.upsertNode(projectId, nodeWish(payload), userId);
      return;
    case "node:delete":
      return board.deleteNode(projectId, payload.id, userId);
    case "node:move":
      return board.moveNodes(projectId, payload.positions, { clientId: client.id, userId });
    case "edge:upsert": {
      const { source_id: sourceId, target_id: targetId, ...rest } = payload;
      await board.upsertEdge(projectId, { sourceId, targetId, ...given(rest) });
      return;
    }
    case "edge:delete":
      return board.deleteEdge(projectId, payload.id);
    case "cursor:move":
      return room.tell("cursor:updated", { ...client.person, ...payload }, client);
    case "service:draft-start":
      return tellProblem(client, room.startDraft(client, payload));
    case "service:draft-cancel":
      return tellProblem(client, room.cancelDraft(client, payload.draft_id));
    case "service:create": {
      const problem = room.draftProblem(client, payload.draft_id);
      if (problem !== undefined) throw new AppError("forbidden", problem);
      const { draft_id, x, y, ...wish } = payload;
      if (wish.image === undefined && wish.preset === undefined) throw invalidField("image", "is needed");
      const draft = await draftOf({ kind: "image", ...wish }, presets);
      const { node, change } = await board.createService(projectId, draft, { x, y }, userId);
      room.endDraft(draft_id);
      room.tell("service:created", { draft_id, node: nodeView(node), pending_change: pendingChangeView(change) });
    }
  }
}

function nodeWish(payload: ClientPayload<"node:upsert">): NodeWish {
  const { type, label, position_x, position_y, parent_id, ...rest } = payload;
  const parent = parent_id === undefined ? {} : { parentId: parent_id };
  return { type, label, positionX: position_x, positionY: position_y, ...parent, ...given(rest) };
}

/** Without what is left out. */
function given<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function tellProblem(client: CanvasClient, problem: string | undefined): void {
  if (problem !== undefined) client.tell("error", { message: problem });
}
