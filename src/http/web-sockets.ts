/**
 * WebSockets as routes: what is wrong before the upgrade (no such project, no handshake) is an ordinary JSON answer, and
 * hooks, request ids and limits are those of every other route.
 */

import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyRequest } from "fastify";
import { type WebSocket, WebSocketServer } from "ws";
import { AppError } from "../domain/errors.ts";
import { type App, addRoute, type RouteSpec } from "./app.ts";

export type WebSocketRoute = Pick<RouteSpec, "url" | "permission" | "schema"> & {
  /** Largest message taken, in bytes; a larger one closes the connection with 1009. */
  readonly maxPayloadBytes: number;
  /** Asked before the upgrade. Answers who takes the open socket. @throws AppError instead of the upgrade */
  readonly accept: (request: FastifyRequest) => Promise<(socket: OpenSocket) => void>;
};

export type OpenSocket = {
  readonly ws: WebSocket;
  /** What lies below, to write several frames at once. */
  readonly raw: Socket;
};

type Upgrade = { readonly socket: Socket; readonly head: Buffer };

const UPGRADES = new WeakMap<IncomingMessage, Upgrade>();
const TAKING = new WeakSet<App>();

export function addWebSocket(app: App, { accept, maxPayloadBytes, ...route }: WebSocketRoute): void {
  takeUpgrades(app);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxPayloadBytes,
  });
  addRoute(app, {
    ...route,
    method: "GET",
    handler: async (request, reply) => {
      const take = await accept(request);
      const upgrade = requireUpgrade(request);
      reply.hijack();
      reply.raw.detachSocket(upgrade.socket);
      server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (ws) => take({ ws, raw: upgrade.socket }));
      return reply;
    },
  });
}

/** Requests for an upgrade go the way of all requests; one that is answered otherwise ends its connection. */
function takeUpgrades(app: App): void {
  if (TAKING.has(app)) return;
  TAKING.add(app);
  app.server.on("upgrade", (request, socket: Socket, head) => {
    // A connection that breaks is noticed by its `close`; without a listener it would end the process.
    socket.on("error", () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.destroySoon());
    UPGRADES.set(request, { socket, head });
    app.server.emit("request", request, response);
  });
}

/** @throws AppError `invalid` for a request that is no handshake (RFC 6455) */
function requireUpgrade({ raw, method }: FastifyRequest): Upgrade {
  const upgrade = UPGRADES.get(raw);
  const { "sec-websocket-key": key = "", "sec-websocket-version": version, upgrade: protocol = "" } = raw.headers;
  const isHandshake = protocol.toLowerCase() === "websocket" && /^[+/0-9A-Za-z]{22}==$/.test(key) && version === "13";
  if (upgrade !== undefined && method === "GET" && isHandshake) return upgrade;
  throw new AppError("invalid", "This address speaks WebSocket only.", {
    remedy: "Open it with a WebSocket client (version 13), for example `new WebSocket(url)` in a browser.",
  });
}
