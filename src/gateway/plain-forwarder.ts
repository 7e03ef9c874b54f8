/**
 * Forwards the rare requests that undici can't: with trailers, with `Expect: 100-continue`, or for `*`. Uses Node's own
 * client, one connection per request.
 */

import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { flushHead, reasonFor } from "./answers.ts";
import type { Exchange } from "./exchange.ts";
import type { Forwarder, ForwardOutcome } from "./forwarder.ts";
import { canTrail, responseHeaders, trailerPairs } from "./headers.ts";
import { RequestBody } from "./request-body.ts";
import type { Upstream } from "./upstream.ts";

export class PlainForwarder implements Forwarder {
  forward(exchange: Exchange, upstream: Upstream): Promise<ForwardOutcome> {
    return new Promise((resolve) => {
      upstream.begin();
      new PlainAttempt(exchange, upstream, (outcome) => {
        upstream.end();
        resolve(outcome);
      }).start();
    });
  }
}

class PlainAttempt {
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #resolve: (outcome: ForwardOutcome) => void;
  #request: ClientRequest | undefined;
  #body: RequestBody | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #hasHead = false;
  #isOver = false;

  constructor(exchange: Exchange, upstream: Upstream, resolve: (outcome: ForwardOutcome) => void) {
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#resolve = resolve;
  }

  start(): void {
    const { plan, method, head, response } = this.#exchange;
    const framing = head.isChunked ? ["Transfer-Encoding", "chunked"] : [];
    const request = httpRequest({
      method,
      path: plan.target,
      headers: [...plan.headers, ...framing, "Connection", "close"],
      createConnection: () =>
        this.#upstream.connect((error) => {
          this.#isConnected = error === null;
        }),
    });
    this.#request = request;
    if (plan.timeoutMs > 0) this.#timer = setTimeout(() => this.#giveUp("timeout"), plan.timeoutMs);
    this.#exchange.onGone = () => this.#giveUp("client_gone");
    request.once("continue", () => response.writeContinue());
    request.on("response", (answer) => this.#passOn(answer));
    request.on("upgrade", () => this.#giveUp("bad_answer"));
    request.on("error", () => this.#fail());
    this.#sendBody(request);
  }

  #sendBody(request: ClientRequest): void {
    if (!this.#exchange.head.hasBody) {
      request.end();
      return;
    }
    // With Expect the client holds its body back by itself until `100 Continue` or an answer reaches it.
    const body = new RequestBody(this.#exchange);
    this.#body = body;
    body.on("data", () => this.#timer?.refresh());
    body.on("error", () => this.#giveUp("client_gone"));
    body.on("end", () => {
      const trailers = trailerPairs(this.#exchange.request.rawTrailers);
      if (trailers.length > 0) request.addTrailers(trailers);
    });
    body.pipe(request);
  }

  #passOn(answer: IncomingMessage): void {
    clearTimeout(this.#timer);
    const { response, plan, closesConnection, client } = this.#exchange;
    const status = answer.statusCode ?? 502;
    try {
      response.writeHead(
        status,
        reasonFor(status, answer.statusMessage),
        responseHeaders(answer.rawHeaders, {
          closes: closesConnection,
          canTrail: canTrail(client, status, answer.rawHeaders),
          isSandboxed: plan.isSandboxed,
        }),
      );
    } catch {
      // A header of the upstream's that Node can't send on; nothing of the answer has been written.
      this.#giveUp("bad_answer");
      return;
    }
    this.#hasHead = true;
    flushHead(response);
    answer.on("end", () => {
      if (!answer.complete) return;
      const trailers = trailerPairs(answer.rawTrailers);
      if (trailers.length > 0) response.addTrailers(trailers);
      response.end();
      this.#finish("answered");
    });
    answer.on("error", () => this.#fail());
    answer.pipe(response, { end: false });
  }

  #fail(): void {
    if (this.#hasHead && !this.#isOver) this.#exchange.response.destroy();
    this.#finish(this.#hasHead ? "cut" : this.#isConnected ? "no_answer" : "not_connected");
  }

  #giveUp(outcome: ForwardOutcome): void {
    this.#finish(outcome);
    this.#request?.destroy();
  }

  #finish(outcome: ForwardOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    // A client that was refused need not send it.
    this.#body?.destroy();
    this.#exchange.onGone = undefined;
    this.#resolve(outcome);
  }
}
