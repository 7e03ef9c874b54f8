/**
 * A request's body as a stream of its own: whoever sends it may destroy it (undici does, when an upstream answers early
 * or breaks off) without destroying the client's connection, which still needs an answer. Chunks are not copied.
 */

import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Exchange } from "./exchange.ts";

export class RequestBody extends Readable {
  readonly #exchange: Exchange;
  readonly #source: IncomingMessage;

  constructor(exchange: Exchange) {
    super({ highWaterMark: 64 * 1024 });
    this.#exchange = exchange;
    this.#source = exchange.request;
  }

  override _read(): void {
    if (!this.#exchange.isBodyTaken) {
      this.#exchange.isBodyTaken = true;
      this.#source.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#source.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError);
    // From here on nobody wants the rest; an unread rest would hold the client back from reading its answer.
    if (this.#exchange.isBodyTaken) this.#source.resume();
    callback(error);
  }

  #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause();
  };

  #onEnd = (): void => {
    this.push(null);
  };

  #onError = (error: Error): void => {
    this.destroy(error);
  };
}
