/**
 * What happens to each request: its head is checked, it is matched to a service or to the platform, its headers are
 * made, and the proxies carry it. The one place that knows the whole way.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../domain/logger.ts";
import { matchRoute, type RouteMatch, type ServiceRoute } from "../domain/route.ts";
import { randomHex } from "../lib/ids.ts";
import { answerError, answerErrorRaw, answerRedirect, type GatewayError } from "./answers.ts";
import type { ControlProxy } from "./control-proxy.ts";
import type { Counters } from "./counters.ts";
import type { Credentials } from "./credentials.ts";
import { Exchange } from "./exchange.ts";
import type { Forwarder } from "./forwarder.ts";
import { findHeader, requestHeaders, sentForwarded } from "./headers.ts";
import type { Peer, Peers } from "./peers.ts";
import { inspectHead, type RequestHead } from "./request-guard.ts";
import type { RoutingState } from "./routing-state.ts";
import { ServiceProxy } from "./service-proxy.ts";
import { openTunnel } from "./tunnel.ts";

export type RequestRouterParts = {
  readonly routing: RoutingState;
  readonly control: ControlProxy;
  readonly forwarder: Forwarder;
  /** For what the other one can't send: trailers, Expect, `*`. */
  readonly unusualForwarder: Forwarder;
  readonly peers: Peers;
  readonly credentials: Credentials;
  readonly counters: Counters;
  readonly logger: Logger;
};

type ServiceMatch = Extract<RouteMatch, { readonly kind: "service" }>;

const REQUEST_ID = /^[\w.:@/+=-]{1,128}$/;
/** Status the access counts show for a client that left before its answer (nginx's convention). */
const CLIENT_GONE = 499;

export class RequestRouter {
  readonly #parts: RequestRouterParts;
  readonly #services: ServiceProxy;
  readonly #idStart = randomHex(6);
  #ids = 0;
  /** Set while the worker drains: every answer closes its connection. */
  isDraining = false;

  constructor(parts: RequestRouterParts) {
    this.#parts = parts;
    this.#services = new ServiceProxy(parts.routing);
  }

  /** @param localPort port on 127.0.0.1 it came in on; undefined: the public address */
  handleRequest(request: IncomingMessage, response: ServerResponse, localPort: number | undefined): void {
    const peer = this.#parts.peers.of(request.socket);
    const requestId = this.#requestId(request, peer);
    const verdict = inspect(request);
    if (!verdict.isAllowed) {
      answerError(response, badRequest(verdict.reason), requestId, true);
      return;
    }
    const exchange = new Exchange(request, response, { head: verdict.head, peer, requestId }, this);
    this.#route(exchange, localPort).catch((error: unknown) => {
      this.#parts.logger.error({ err: error, requestId }, "a request could not be handled");
      answerError(response, INTERNAL, requestId, true);
    });
  }

  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, localPort: number | undefined): void {
    // A connection that breaks is noticed by its `close`, which follows; without a listener it would end the worker.
    socket.on("error", () => {});
    const peer = this.#parts.peers.of(socket);
    const requestId = this.#requestId(request, peer);
    const verdict = inspect(request);
    const isWebSocket = request.method === "GET" && isWebSocketUpgrade(request);
    // What follows the head belongs to the protocol that is asked for: a body would be read by each side differently.
    if (!verdict.isAllowed || !isWebSocket || verdict.head.hasBody) {
      const reason = verdict.isAllowed ? "Only WebSocket upgrades without a body are possible." : verdict.reason;
      answerErrorRaw(socket, badRequest(reason), requestId);
      return;
    }
    this.#upgrade(request, verdict.head, { peer, requestId, socket, head, localPort }).catch((error: unknown) => {
      this.#parts.logger.error({ err: error, requestId }, "an upgrade could not be handled");
      answerErrorRaw(socket, INTERNAL, requestId);
    });
  }

  async #route(exchange: Exchange, localPort: number | undefined): Promise<void> {
    const match = this.#match(exchange.head, localPort);
    switch (match.kind) {
      case "service":
        return this.#toService(exchange, match);
      case "redirect":
        return answerRedirect(exchange.response, match.location, exchange.closesConnection);
      case "unknown_function":
        return this.#answer(exchange, unknownFunction(match.name));
      case "platform":
        return this.#toControl(exchange);
    }
  }

  #match(head: RequestHead, localPort: number | undefined): RouteMatch {
    const { table } = this.#parts.routing;
    if (localPort === undefined) return matchRoute(table, head.host, head.target);
    const service = table.localPorts.get(localPort);
    if (service === undefined) return { kind: "unknown_function", name: `on port ${localPort}` };
    return { kind: "service", service, target: head.target, prefix: "", isSandboxed: false };
  }

  async #toService(exchange: Exchange, match: ServiceMatch): Promise<void> {
    const startedAt = performance.now();
    const { service } = match;
    const forwarder = this.#forwarderFor(exchange.head);
    const plan = {
      target: match.target,
      headers: this.#serviceHeaders(exchange, exchange.request, match.prefix),
      timeoutMs: service.timeoutMs,
      isSandboxed: match.isSandboxed,
    };
    exchange.plan = plan;
    const error = await this.#services.send(
      {
        attempt: (upstream) => forwarder.forward(exchange, upstream),
        isRepeatable: () => exchange.isRepeatable,
        isGone: () => exchange.isGone,
        onGone: (listener) => {
          exchange.onGone = listener;
        },
      },
      service,
    );
    if (error !== undefined) this.#answer(exchange, error);
    const { response } = exchange;
    const status = response.headersSent ? response.statusCode : CLIENT_GONE;
    this.#parts.counters.count(service.serviceId, status, performance.now() - startedAt);
  }

  async #toControl(exchange: Exchange): Promise<void> {
    const forwarder = this.#forwarderFor(exchange.head);
    exchange.plan = {
      target: exchange.head.target,
      headers: this.#controlHeaders(exchange, exchange.request),
      timeoutMs: 0,
      isSandboxed: false,
    };
    const error = await this.#parts.control.send({
      attempt: (upstream) => forwarder.forward(exchange, upstream),
      isRepeatable: () => exchange.isRepeatable,
      isGone: () => exchange.isGone,
    });
    if (error !== undefined) this.#answer(exchange, error);
  }

  async #upgrade(request: IncomingMessage, head: RequestHead, upgrade: UpgradeContext): Promise<void> {
    const { socket, requestId } = upgrade;
    const match = this.#match(head, upgrade.localPort);
    const hop = { peer: upgrade.peer, requestId, head };
    let error: GatewayError | undefined;
    let onGone: (() => void) | undefined;
    if (match.kind === "service") {
      const headers = this.#serviceHeaders(hop, request, match.prefix);
      error = await this.#services.send(
        {
          attempt: (upstream, service: ServiceRoute) =>
            openTunnel(
              { target: match.target, headers, socket, head: upgrade.head, timeoutMs: service.timeoutMs },
              upstream,
            ),
          isRepeatable: () => true,
          // One that has closed its side only speaks no WebSocket any more; its `close` would not come by itself.
          isGone: () => socket.destroyed || socket.readableEnded,
          onGone: (listener) => {
            if (onGone !== undefined) socket.off("close", onGone).off("end", onGone);
            onGone = listener;
            if (onGone !== undefined) socket.once("close", onGone).once("end", onGone);
          },
        },
        match.service,
      );
      this.#parts.counters.count(match.service.serviceId, error?.status ?? 101, undefined);
    } else if (match.kind === "platform") {
      const headers = this.#controlHeaders(hop, request);
      error = await this.#parts.control.send({
        attempt: (upstream) =>
          openTunnel({ target: head.target, headers, socket, head: upgrade.head, timeoutMs: 0 }, upstream),
        isRepeatable: () => true,
        isGone: () => socket.destroyed,
      });
    } else {
      error = unknownFunction(match.kind === "redirect" ? match.location : match.name);
    }
    if (error !== undefined) answerErrorRaw(socket, error, requestId);
    else if (socket.readableEnded) socket.destroy();
  }

  #forwarderFor(head: RequestHead): Forwarder {
    return head.isUnusual || head.target === "*" ? this.#parts.unusualForwarder : this.#parts.forwarder;
  }

  #serviceHeaders(hop: Hop, request: IncomingMessage, prefix: string): string[] {
    return requestHeaders(request.rawHeaders, {
      peer: hop.peer,
      host: hop.head.host,
      requestId: hop.requestId,
      prefix,
      keepsUnusual: hop.head.isUnusual,
      isOurCredential: (authorization) => this.#parts.credentials.isOurs(authorization),
    });
  }

  #controlHeaders(hop: Hop, request: IncomingMessage): string[] {
    const headers = requestHeaders(request.rawHeaders, {
      peer: hop.peer,
      host: hop.head.host,
      requestId: hop.requestId,
      prefix: "",
      keepsUnusual: hop.head.isUnusual,
      isOurCredential: undefined,
    });
    headers.push("X-Slipway-Peer", hop.peer.address);
    if (sentForwarded(request.rawHeaders)) headers.push("X-Slipway-Forwarded", "1");
    return headers;
  }

  #answer(exchange: Exchange, error: GatewayError): void {
    if (exchange.isGone) return;
    // With part of a body still to come the connection can't be used for another request soon.
    const closes = exchange.closesConnection || (exchange.head.hasBody && !exchange.request.complete);
    answerError(exchange.response, error, exchange.requestId, closes);
  }

  #requestId(request: IncomingMessage, peer: Peer): string {
    const given = peer.isTrusted ? findHeader(request.rawHeaders, "x-request-id") : undefined;
    return given !== undefined && REQUEST_ID.test(given) ? given : this.newRequestId();
  }

  newRequestId(): string {
    this.#ids += 1;
    return `${this.#idStart}-${this.#ids.toString(36)}`;
  }
}

type Hop = { readonly peer: Peer; readonly requestId: string; readonly head: RequestHead };

type UpgradeContext = {
  readonly peer: Peer;
  readonly requestId: string;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly localPort: number | undefined;
};

export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return findHeader(request.rawHeaders, "upgrade")?.trim().toLowerCase() === "websocket";
}

function inspect(request: IncomingMessage): ReturnType<typeof inspectHead> {
  const { method = "", url = "", httpVersion, rawHeaders } = request;
  return inspectHead({ method, url, httpVersion, rawHeaders });
}

function badRequest(message: string): GatewayError {
  return { status: 400, code: "invalid", message };
}

function unknownFunction(name: string): GatewayError {
  return { status: 404, code: "not_found", message: `There is no function ${name}.` };
}

const INTERNAL: GatewayError = { status: 500, code: "internal", message: "Internal error." };
