/**
 * A request's body as a stream of its own: whoever sends it may destroy it (undici does, when an upstream answers early
 * or breaks off) without destroying the client's connection, which still needs an answer. Chunks are not copied.
 */

import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Exchange } from "./exchange.ts";

/** How long a client may keep the other side waiting for the next part of its body, in milliseconds. */
const STALL_LIMIT_MS = 60_000;

export class RequestBody extends Readable {
  readonly #exchange: Exchange;
  readonly #source: IncomingMessage;
  readonly #stallLimitMs: number;
  #stall: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange, stallLimitMs = STALL_LIMIT_MS) {
    super({ highWaterMark: 64 * 1024 });
    this.#exchange = exchange;
    this.#source = exchange.request;
    this.#stallLimitMs = stallLimitMs;
  }

  override _read(): void {
    // Nobody can answer such a client sensibly: what took the first part may have begun to act on it.
    if (!this.#source.complete) this.#stall ??= setTimeout(() => this.#source.destroy(), this.#stallLimitMs);
    if (!this.#exchange.isBodyTaken) {
      this.#exchange.isBodyTaken = true;
      this.#source.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#stall);
    this.#source.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError);
    // From here on nobody wants the rest; an unread rest would hold the client back from reading its answer.
    if (this.#exchange.isBodyTaken) this.#source.resume();
    callback(error);
  }

  #onData = (chunk: Buffer): void => {
    this.#stall?.refresh();
    if (this.push(chunk)) return;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#source.pause();
  };

  #onEnd = (): void => {
    clearTimeout(this.#stall);
    this.push(null);
  };

  #onError = (error: Error): void => {
    this.destroy(error);
  };
}
