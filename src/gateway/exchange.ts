/** One request of a client and the answer it gets, with all that has been found out about it on the way. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Peer } from "./peers.ts";
import type { RequestHead } from "./request-guard.ts";
import type { ConnectionNeed } from "./upstream.ts";

/** Methods that mean the same when they are sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export type ExchangePlan = {
  /** Path and query for the upstream. */
  readonly target: string;
  /** Headers for the upstream, names and values in turn, framing left out. */
  readonly headers: string[];
  /** Longest time without progress until the first byte of the answer, in milliseconds; 0: none. */
  readonly timeoutMs: number;
  readonly isSandboxed: boolean;
};

export type FoundInHead = { readonly head: RequestHead; readonly peer: Peer; readonly requestId: string };
export type Serving = { readonly isDraining: boolean };

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly peer: Peer;
  readonly requestId: string;
  readonly method: string;
  /** Set once the body has begun to be read: from then on it can't be sent again. */
  isBodyTaken = false;
  /** An upstream has broken off the connection it was sent on. */
  hasBrokenOff = false;
  readonly #server: Serving;
  #plan: ExchangePlan | undefined;
  #onGone: (() => void) | undefined;
  #isGone = false;

  constructor(request: IncomingMessage, response: ServerResponse, found: FoundInHead, server: Serving) {
    this.request = request;
    this.response = response;
    this.head = found.head;
    this.peer = found.peer;
    this.requestId = found.requestId;
    this.#server = server;
    this.method = request.method ?? "GET";
    response.once("close", () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      this.#onGone?.();
    });
  }

  get plan(): ExchangePlan {
    if (this.#plan === undefined) throw new Error("the exchange has not been planned yet");
    return this.#plan;
  }

  set plan(plan: ExchangePlan) {
    this.#plan = plan;
  }

  /** The connection shall not be used for a further request; may come true while the answer is awaited. */
  get closesConnection(): boolean {
    return this.#server.isDraining;
  }

  /** What of the client decides how it can be answered. */
  get client(): { readonly method: string; readonly httpVersion: string } {
    return { method: this.method, httpVersion: this.request.httpVersion };
  }

  /** The client left before it had the whole answer. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Calls `listener` when the client leaves; only the last one given is called, undefined takes it back. */
  set onGone(listener: (() => void) | undefined) {
    this.#onGone = listener;
  }

  /** Sending it once more does no harm and is still possible. */
  get isRepeatable(): boolean {
    return IDEMPOTENT.has(this.method) && !this.isBodyTaken;
  }

  /** For the next attempt. After a connection that broke off, another kept one may be no better. */
  get connectionNeed(): ConnectionNeed {
    if (this.hasBrokenOff) return "fresh";
    return IDEMPOTENT.has(this.method) && !this.head.hasBody ? "any" : "sure";
  }
}
