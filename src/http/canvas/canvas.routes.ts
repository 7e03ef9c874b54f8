/** `/api/projects/:p/canvas/ws`: the canvas of a project, live. Seed: 003-deploykit-architecture.txt, "Canvas WebSocket". */

import { z } from "zod";
import type { ProjectStore } from "../../domain/project.ts";
import type { App } from "../app.ts";
import { clientAddress } from "../client-address.ts";
import { findProject } from "../project-finder.ts";
import { addWebSocket } from "../web-sockets.ts";
import { CanvasHub, type CanvasHubOptions } from "./hub.ts";

export type CanvasRoutesOptions = CanvasHubOptions & {
  readonly stores: CanvasHubOptions["stores"] & {
    readonly projects: Pick<ProjectStore, "get" | "findBySlug" | "list">;
  };
};

/** Largest message of a client, in bytes. */
const MAX_MESSAGE_BYTES = 64 * 1024;

export function canvasRoutes(app: App, options: CanvasRoutesOptions): void {
  const hub = new CanvasHub(options);
  app.addHook("preClose", async () => hub.close());
  addWebSocket(app, {
    url: "/api/projects/:p/canvas/ws",
    // Browsers can't send a header with it: the first message says who it is.
    permission: "public",
    maxPayloadBytes: MAX_MESSAGE_BYTES,
    schema: {
      tags: ["canvas"],
      summary: 'A WebSocket; its first message is {"type":"auth","payload":{"token"}}',
      params: z.object({ p: z.string().max(64).describe("Id or slug") }),
      answers: { 101: null },
    },
    accept: async (request) => {
      const { p } = request.params as { readonly p: string };
      const { id } = await findProject(options.stores.projects, p);
      const visit = { path: request.url, from: clientAddress(request), requestId: request.id };
      return (socket) => hub.enter(id, socket, visit);
    },
  });
}
