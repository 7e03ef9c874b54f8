/**
 * What one client is still to be sent. Sending never waits: a client that reads too slowly misses messages, and one that
 * does not read at all is cut off. What is sent in one turn of the process leaves in one write.
 */

import type { OpenSocket } from "../web-sockets.ts";

export type OutboxOptions = {
  /** Messages and bytes that may wait. One message alone may be larger. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** How long nothing may leave before the connection is ended, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** It has read all there was, but has missed something before. */
  readonly onCaughtUp: () => void;
};

/** Bytes given to the connection before more is kept here, where it can be counted. */
const IN_FLIGHT_BYTES = 64 * 1024;

export class Outbox {
  readonly #socket: OpenSocket;
  readonly #options: OutboxOptions;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #inFlightBytes = 0;
  #isScheduled = false;
  #hasMissed = false;
  #isClosed = false;
  #timeout: NodeJS.Timeout | undefined;

  constructor(socket: OpenSocket, options: OutboxOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  send(message: Buffer): void {
    if (this.#isClosed) return;
    const { maxMessages, maxBytes } = this.#options;
    const isOver = this.#waiting.length >= maxMessages || this.#waitingBytes + message.length > maxBytes;
    if (isOver && this.#waiting.length > 0) {
      this.#hasMissed = true;
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    clearTimeout(this.#timeout);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlightBytes >= IN_FLIGHT_BYTES) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const { raw } = this.#socket;
    raw.cork();
    let sent = 0;
    while (sent < this.#waiting.length && this.#inFlightBytes < IN_FLIGHT_BYTES) {
      const message = this.#waiting[sent] ?? Buffer.alloc(0);
      sent += 1;
      this.#hand(message);
    }
    raw.uncork();
    this.#waiting = this.#waiting.slice(sent);
    if (this.#hasMissed && this.#waiting.length === 0) {
      this.#hasMissed = false;
      this.#options.onCaughtUp();
    }
  }

  #hand(message: Buffer): void {
    const { ws } = this.#socket;
    this.#waitingBytes -= message.length;
    this.#inFlightBytes += message.length;
    this.#timeout ??= setTimeout(() => ws.terminate(), this.#options.writeTimeoutMs);
    ws.send(message, { binary: false }, () => {
      this.#inFlightBytes -= message.length;
      if (this.#inFlightBytes > 0) this.#timeout?.refresh();
      else {
        clearTimeout(this.#timeout);
        this.#timeout = undefined;
      }
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
