/** One listening HTTP server of a worker: the public address, or one 127.0.0.1 port of an upload. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { answerErrorRaw } from "./answers.ts";
import { isWebSocketUpgrade, type RequestRouter } from "./request-router.ts";

const MAX_HEAD_BYTES = 64 * 1024;
/** A request's head must be there in this time; a body may take as long as it makes progress. */
const HEAD_TIMEOUT_MS = 20_000;
const CHECK_INTERVAL_MS = 5_000;
/**
 * For how long a client is told (`Keep-Alive: timeout=5`) that an idle connection will take its next request, and for
 * how long it really is kept, in milliseconds. A drain waits for the first only, and so cuts nobody who relies on it.
 */
const KEEP_ALIVE_TOLD_MS = 5_000;
const KEEP_ALIVE_MS = 20_000;
/** From the begin of a drain until idle connections end: what was told, and the way of a request, in milliseconds. */
const IDLE_GRACE_MS = KEEP_ALIVE_TOLD_MS + 500;
const BACKLOG = 4096;

export type ListenAddress = {
  /** undefined: all interfaces, IPv4 and IPv6. */
  readonly host: string | undefined;
  readonly port: number;
};

export type DrainLimits = {
  /** When idle connections are ended; undefined: after the time their clients were told. */
  readonly idleMs?: number;
  /** When everything else is. */
  readonly limitMs: number;
  /** When WebSockets are; undefined: with everything else. */
  readonly tunnelsMs?: number;
};

export class GatewayServer {
  readonly #server: Server;
  readonly #router: RequestRouter;
  readonly #lastResponse = new WeakMap<Socket, ServerResponse>();
  readonly #tunnels = new Set<Socket>();
  readonly #sockets = new Set<Socket>();

  /** @param localPort the port whose service is served; undefined: the public address */
  constructor(router: RequestRouter, localPort: number | undefined) {
    this.#router = router;
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEAD_BYTES,
        headersTimeout: HEAD_TIMEOUT_MS,
        requestTimeout: 0,
        connectionsCheckingInterval: CHECK_INTERVAL_MS,
        keepAliveTimeout: KEEP_ALIVE_TOLD_MS,
        keepAliveTimeoutBuffer: KEEP_ALIVE_MS - KEEP_ALIVE_TOLD_MS,
        requireHostHeader: true,
        noDelay: true,
        // Offers of other protocols (h2c) are not taken up: such a request is an ordinary one.
        shouldUpgradeCallback: isWebSocketUpgrade,
      },
      (request, response) => this.#handle(request, response, localPort),
    );
    // The answer `100 Continue` is the upstream's to give, see PlainForwarder.
    this.#server.on("checkContinue", (request, response) => this.#handle(request, response, localPort));
    this.#server.on("upgrade", (request, socket: Socket, head) => {
      this.#tunnels.add(socket);
      socket.once("close", () => this.#tunnels.delete(socket));
      router.handleUpgrade(request, socket, head, localPort);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error, socket));
  }

  /** Resolves with the port. Rejects with the system's error, for instance EADDRINUSE. */
  listen(address: ListenAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      const { host, port } = address;
      this.#server.listen({ port, backlog: BACKLOG, ...(host !== undefined && { host }) }, () => {
        this.#server.off("error", reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /**
   * Stops accepting; resolves when the last connection has ended. Not http's own `close`, which would cut idle
   * keep-alive connections in the moment a client may be sending its next request.
   */
  async drain(limits: DrainLimits): Promise<void> {
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.#server, () => resolve()));
    const { idleMs = IDLE_GRACE_MS, limitMs, tunnelsMs = limitMs } = limits;
    const timers = [
      setTimeout(() => this.#server.closeAllConnections(), limitMs),
      setTimeout(() => {
        for (const socket of this.#tunnels) socket.destroy();
      }, tunnelsMs),
    ];
    for (const socket of this.#sockets) this.#endWhenIdle(socket, idleMs);
    await closed;
    for (const timer of timers) clearTimeout(timer);
    // What http's close does besides: end the check for slow heads, which would keep the process.
    this.#server.close();
  }

  #handle(request: IncomingMessage, response: ServerResponse, localPort: number | undefined): void {
    this.#lastResponse.set(request.socket, response);
    this.#router.handleRequest(request, response, localPort);
  }

  /** Ends a connection once not a byte has come on it for that time after its answer. */
  #endWhenIdle(socket: Socket, idleMs: number): void {
    if (this.#tunnels.has(socket)) return;
    const last = this.#lastResponse.get(socket);
    if (last !== undefined && !last.closed) {
      last.once("close", () => this.#endWhenIdle(socket, idleMs));
      return;
    }
    const { bytesRead } = socket;
    const timer = setTimeout(() => {
      // Whoever has sent something meanwhile gets an answer that ends the connection.
      if (socket.bytesRead === bytesRead && !this.#tunnels.has(socket)) socket.destroy();
    }, idleMs);
    socket.once("close", () => clearTimeout(timer));
  }

  /** Bytes that are no request we take: too large a head is 400 as well, and the connection closes. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    const last = this.#lastResponse.get(socket);
    // With an answer under way on this connection, an error body would be read as part of it.
    const isAnswering = last?.headersSent === true && !last.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isAnswering) {
      socket.destroy();
      return;
    }
    const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    const isLarge = error.code === "HPE_HEADER_OVERFLOW";
    const message = isSlow ? TOO_SLOW : isLarge ? TOO_LARGE : "The request is malformed.";
    const answer = { status: isSlow ? 408 : 400, code: isSlow ? "timeout" : "invalid", message } as const;
    answerErrorRaw(socket, answer, this.#router.newRequestId());
  }
}

const TOO_SLOW = "The request's head did not come in time.";
const TOO_LARGE = "The request's head is larger than 64 KiB.";
