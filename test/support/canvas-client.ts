/** A client of a project's canvas: signs in, keeps what it is told, and waits for what is to come. */

import { once } from "node:events";
import { WebSocket } from "ws";

export type Told = { readonly type: string; readonly payload: unknown };

/** A message that has not come by then will not. */
const GIVE_UP_MS = 15_000;

export class TestCanvasClient {
  readonly ws: WebSocket;
  readonly told: Told[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #taken = 0;
  #wake: () => void = () => undefined;

  constructor(url: string) {
    this.ws = new WebSocket(url, { perMessageDeflate: false });
    this.ws.on("message", (data) => {
      this.told.push(JSON.parse(data.toString()));
      this.#wake();
    });
    this.ws.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.ws.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** @param base `http://host:port` */
  static async open(base: string, project: string): Promise<TestCanvasClient> {
    const client = new TestCanvasClient(`${base.replace(/^http/, "ws")}/api/projects/${project}/canvas/ws`);
    await once(client.ws, "open");
    return client;
  }

  /** Signed in, with the four messages of the start taken. */
  static async join(base: string, project: string, token: string): Promise<TestCanvasClient> {
    const client = await TestCanvasClient.open(base, project);
    client.say("auth", { token });
    await client.next("pending-changes:state");
    return client;
  }

  /** The payload of the n-th message since the start: 0 is the state. */
  payloadAt<T>(index: number): T {
    return this.told[index]?.payload as T;
  }

  say(type: string, payload: unknown): void {
    this.ws.send(JSON.stringify({ type, payload }));
  }

  /** The payload of the next message of that type; those before it are passed over. Rejects when the connection ends first. */
  async next<T = Record<string, unknown>>(type: string): Promise<T> {
    for (;;) {
      for (; this.#taken < this.told.length; ) {
        const message = this.told[this.#taken];
        this.#taken += 1;
        if (message?.type === type) return message.payload as T;
      }
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error(`closed while ${type} was waited for`);
      await new Promise<void>((resolve, reject) => {
        const heard = () => this.told.map((message) => message.type).join(", ");
        const timer = setTimeout(() => reject(new Error(`${type} did not come, but ${heard()}`)), GIVE_UP_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** What was told until now after what was taken, by type; then all of it is taken. */
  async types(): Promise<readonly string[]> {
    // What was sent before is answered before this.
    this.say("no-such-type", {});
    const from = this.#taken;
    await this.next("error");
    return this.told.slice(from, this.#taken - 1).map(({ type }) => type);
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}
