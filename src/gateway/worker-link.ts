/** A worker's side of `gateway.sock`: dials control again and again, for as long as the worker lives. */

import { connect, type Socket } from "node:net";
import type { LinkMessage, WorkerMessage } from "./messages.ts";
import { readLines, writeLine } from "./ndjson.ts";

/** Wait before dialling again: doubled from the first to the last, in milliseconds. */
const FIRST_REDIAL_MS = 20;
/** Also how long control waits, at its start, for workers it does not know of; see GatewayLink. */
export const LAST_REDIAL_MS = 100;

export type WorkerLinkOptions = {
  readonly socketPath: string;
  /** What is true at the time. */
  readonly hello: () => Extract<WorkerMessage, { readonly type: "hello" }>;
  readonly onMessage: (message: LinkMessage) => void;
};

export class WorkerLink {
  readonly #options: WorkerLinkOptions;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #redialMs = FIRST_REDIAL_MS;
  #isClosed = false;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** Lost when control is away: what must not get lost is sent again on its `hello`. */
  send(message: WorkerMessage): void {
    if (this.#socket !== undefined) writeLine(this.#socket, message);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #dial(): void {
    const socket = connect(this.#options.socketPath);
    socket.once("connect", () => {
      this.#socket = socket;
      this.#redialMs = FIRST_REDIAL_MS;
      writeLine(socket, this.#options.hello());
      // What comes over this socket was sent by control, whose side is typed; only this server's user can open it.
      readLines(socket, (value) => this.#options.onMessage(value as LinkMessage));
    });
    // Nothing to do for an error by itself: its `close` follows and dials again.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#socket = undefined;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.#dial(), this.#redialMs);
      this.#redialMs = Math.min(LAST_REDIAL_MS, this.#redialMs * 2);
    });
  }
}
