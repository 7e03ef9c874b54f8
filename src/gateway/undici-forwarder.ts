/**
 * Forwards with undici's client and its raw handler: chunks go through as they come, without a copy or a stream in
 * between. What undici can't send (trailers, Expect) is the plain forwarder's.
 */

import type { Dispatcher } from "undici";
import { flushHead, reasonFor } from "./answers.ts";
import type { Exchange } from "./exchange.ts";
import type { Forwarder, ForwardOutcome } from "./forwarder.ts";
import { canTrail, responseHeaders, trailerPairs } from "./headers.ts";
import { RequestBody } from "./request-body.ts";
import type { Client } from "./undici-client.ts";
import type { Upstream } from "./upstream.ts";

export class UndiciForwarder implements Forwarder {
  forward(exchange: Exchange, upstream: Upstream): Promise<ForwardOutcome> {
    return new Promise((resolve) => new Attempt(exchange, upstream, resolve).start());
  }
}

class Attempt implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #client: Client;
  readonly #resolve: (outcome: ForwardOutcome) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasAnswer = false;
  #hasHead = false;
  #hasData = false;
  #isPaused = false;
  #isOver = false;

  constructor(exchange: Exchange, upstream: Upstream, resolve: (outcome: ForwardOutcome) => void) {
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#client = upstream.acquire(exchange.connectionNeed);
    this.#resolve = resolve;
  }

  start(): void {
    const { plan, method, head } = this.#exchange;
    this.#upstream.begin();
    if (plan.timeoutMs > 0) this.#timer = setTimeout(() => this.#giveUp("timeout"), plan.timeoutMs);
    this.#exchange.onGone = () => this.#giveUp("client_gone");
    this.#client.dispatch(
      {
        path: plan.target,
        method,
        headers: plan.headers,
        body: head.hasBody ? new RequestBody(this.#exchange) : null,
      },
      this,
    );
  }

  /** The connection stands and the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error("the request is over"));
  }

  onBodySent(): void {
    // The limit is about an upstream that does nothing, not about a client with much to send.
    this.#timer?.refresh();
  }

  onResponseStarted(): void {
    this.#hasAnswer = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: object, text?: string): void {
    if (status < 200 || this.#isOver) return;
    clearTimeout(this.#timer);
    const { response, plan, closesConnection } = this.#exchange;
    const raw = toStrings(controller.rawHeaders);
    response.writeHead(
      status,
      reasonFor(status, text),
      responseHeaders(raw, {
        closes: closesConnection,
        canTrail: canTrail(this.#exchange.client, status, raw),
        isSandboxed: plan.isSandboxed,
      }),
    );
    this.#hasHead = true;
    // A head whose body takes its time (SSE) must not wait for it; one that comes with its body goes out with it.
    queueMicrotask(() => {
      if (!this.#hasData && !response.writableEnded) flushHead(response);
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#exchange;
    this.#hasData = true;
    if (this.#isOver || response.write(chunk)) return;
    controller.pause();
    if (this.#isPaused) return;
    this.#isPaused = true;
    response.once("drain", () => {
      this.#isPaused = false;
      controller.resume();
    });
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { response } = this.#exchange;
    this.#upstream.release(this.#client);
    if (this.#isOver) return;
    const raw = toStrings(controller.rawTrailers);
    if (raw.length > 0) response.addTrailers(trailerPairs(raw));
    response.end();
    this.#finish("answered");
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    void this.#client.destroy();
    if (this.#isOver) return;
    if (this.#hasHead) {
      this.#exchange.response.destroy();
      this.#finish("cut");
    } else if (this.#hasAnswer) this.#finish("bad_answer");
    else if (this.#controller !== undefined) {
      this.#exchange.hasBrokenOff = true;
      this.#finish("no_answer");
    } else this.#finish(isInvalid(error) ? "unsendable" : "not_connected");
  }

  /** Ends the attempt from this side. Its connection is of no further use. */
  #giveUp(outcome: ForwardOutcome): void {
    this.#finish(outcome);
    this.#controller?.abort(new Error(outcome));
  }

  #finish(outcome: ForwardOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#exchange.onGone = undefined;
    this.#upstream.end();
    this.#resolve(outcome);
  }
}

/** Raw headers as undici hands them out: names and values in turn, as buffers. */
function toStrings(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

/** Undici refused the request before it looked for a connection. */
function isInvalid(error: Error & { readonly code?: string }): boolean {
  return error.code === "UND_ERR_INVALID_ARG" || error.code === "UND_ERR_NOT_SUPPORTED";
}
