/**
 * One connection to a canvas: it says who it is, then its messages are taken one after the other, no more than so many a
 * second. It is pinged, and cut off when it is dead, floods, or does not read.
 */

import type { RawData } from "ws";
import { type Actor, userIdOf } from "../../domain/actor.ts";
import { TokenBucket } from "../../lib/token-bucket.ts";
import type { OpenSocket } from "../web-sockets.ts";
import { readAuthMessage } from "./client-messages.ts";
import { Outbox } from "./outbox.ts";
import { encode, type Person } from "./server-messages.ts";

/** How long things may take, in milliseconds, and how much may wait. */
export type CanvasLimits = {
  readonly authMs: number;
  readonly pingMs: number;
  readonly writeMs: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Messages of one client per second, and at once after a quiet time. */
  readonly perSecond: number;
  readonly burst: number;
};

export const CANVAS_LIMITS: CanvasLimits = {
  authMs: 5_000,
  pingMs: 54_000,
  writeMs: 10_000,
  maxMessages: 256,
  maxBytes: 4 * 1024 * 1024,
  perSecond: 200,
  burst: 400,
};

export const CLOSE = {
  goingAway: [1001, "Slipway is restarting."],
  onlyText: [1003, "Only text messages."],
  flooding: [1008, "Too many messages."],
  tooMany: [1008, "Too many connections of one user."],
  failed: [1011, "Internal error."],
  unauthenticated: [4001, "Authentication failed."],
  projectGone: [4004, "The project was deleted."],
} as const;
type Closing = (typeof CLOSE)[keyof typeof CLOSE];

export type CanvasClientOptions = {
  readonly id: string;
  readonly socket: OpenSocket;
  readonly limits: CanvasLimits;
  readonly identify: (token: string) => Promise<Actor | undefined>;
  /** It said who it is. */
  readonly onJoin: (client: CanvasClient) => Promise<void>;
  readonly onMessage: (client: CanvasClient, text: string) => Promise<void>;
  /** Of one that had joined, once. */
  readonly onLeave: (client: CanvasClient) => void;
  /** It missed messages, and has room again. */
  readonly onCaughtUp: (client: CanvasClient) => void;
  readonly onError: (error: unknown) => void;
};

/** Messages that wait to be taken before the connection is not read on. */
const MAX_INBOX = 64;
/** Messages beyond the limit that are dropped before a client is taken for a flood. */
const MAX_DROPPED = 1_000;

export class CanvasClient {
  readonly id: string;
  readonly #options: CanvasClientOptions;
  readonly #outbox: Outbox;
  readonly #rate: TokenBucket;
  readonly #inbox: string[] = [];
  readonly #authTimer: NodeJS.Timeout;
  readonly #pingTimer: NodeJS.Timeout;
  #isBusy = false;
  #isAlive = true;
  #dropped = 0;
  #signedIn: { actor: Actor; readonly token: string } | undefined;
  #isClosed = false;

  constructor(options: CanvasClientOptions) {
    const { id, socket, limits } = options;
    this.id = id;
    this.#options = options;
    this.#rate = new TokenBucket(limits, performance.now());
    this.#outbox = new Outbox(socket, {
      maxMessages: limits.maxMessages,
      maxBytes: limits.maxBytes,
      writeTimeoutMs: limits.writeMs,
      onCaughtUp: () => options.onCaughtUp(this),
    });
    this.#authTimer = setTimeout(() => this.close(CLOSE.unauthenticated), limits.authMs);
    this.#pingTimer = setInterval(() => this.#ping(), limits.pingMs);
    const { ws } = socket;
    ws.on("message", (data, isBinary) => this.#take(data, isBinary));
    ws.on("pong", () => {
      this.#isAlive = true;
    });
    // What is wrong with a frame, ws answers itself with the right code.
    ws.on("error", () => this.#endSoon());
    ws.once("close", () => this.#end());
  }

  /** Who it is. Only after it has joined. */
  get actor(): Actor {
    if (this.#signedIn === undefined) throw new Error("The client has not said who it is.");
    return this.#signedIn.actor;
  }

  get token(): string {
    return this.#signedIn?.token ?? "";
  }

  get person(): Person {
    const { actor } = this;
    const name = actor.kind === "passkey" ? PASSKEY_PERSON : actor.user.name;
    return { user_id: userIdOf(actor) ?? PASSKEY_PERSON, user_name: name };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(message: Buffer): void {
    this.#outbox.send(message);
  }

  tell(type: string, payload: unknown): void {
    this.send(encode(type, payload));
  }

  /** Ends it; one that does not answer the closing is cut off. */
  close([code, reason]: Closing): void {
    this.#options.socket.ws.close(code, reason);
    this.#endSoon();
  }

  #endSoon(): void {
    this.#end();
    const { ws } = this.#options.socket;
    const timer = setTimeout(() => ws.terminate(), CLOSING_MS);
    ws.once("close", () => clearTimeout(timer));
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#isClosed) return;
    this.#isAlive = true;
    if (isBinary) {
      this.close(this.#signedIn === undefined ? CLOSE.unauthenticated : CLOSE.onlyText);
      return;
    }
    if (!this.#rate.take(performance.now())) {
      this.#refuse();
      return;
    }
    if (this.#rate.isFull) this.#dropped = 0;
    this.#inbox.push(data.toString());
    if (this.#inbox.length >= MAX_INBOX) this.#options.socket.ws.pause();
    if (!this.#isBusy) void this.#work();
  }

  #refuse(): void {
    const { perSecond } = this.#options.limits;
    if (this.#dropped === 0) this.tell("error", { message: `No more than ${perSecond} messages a second.` });
    this.#dropped += 1;
    if (this.#dropped > MAX_DROPPED) this.close(CLOSE.flooding);
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    const { ws } = this.#options.socket;
    try {
      for (let text = this.#inbox.shift(); text !== undefined && !this.#isClosed; text = this.#inbox.shift()) {
        if (ws.isPaused && this.#inbox.length < MAX_INBOX / 2) ws.resume();
        if (this.#signedIn === undefined) await this.#authenticate(text);
        else await this.#options.onMessage(this, text);
      }
    } catch (error) {
      this.#options.onError(error);
      this.close(CLOSE.failed);
    } finally {
      this.#isBusy = false;
    }
  }

  async #authenticate(text: string): Promise<void> {
    const token = readAuthMessage(text);
    const actor = token === undefined ? undefined : await this.#options.identify(token);
    if (this.#isClosed) return;
    if (token === undefined || actor === undefined) return this.close(CLOSE.unauthenticated);
    clearTimeout(this.#authTimer);
    this.#signedIn = { actor, token };
    await this.#options.onJoin(this);
  }

  #ping(): void {
    const { ws } = this.#options.socket;
    if (!this.#isAlive) {
      ws.terminate();
      return;
    }
    this.#isAlive = false;
    ws.ping();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#authTimer);
    clearInterval(this.#pingTimer);
    this.#outbox.close();
    this.#inbox.length = 0;
    if (this.#signedIn !== undefined) this.#options.onLeave(this);
  }
}

/** How people see somebody who came with the passkey, which is nobody's own. */
const PASSKEY_PERSON = "passkey";
/** How long a client may take to answer that it is closed, in milliseconds. */
const CLOSING_MS = 1_000;
