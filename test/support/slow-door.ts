/** An HTTP door in front of another server, which can keep everybody waiting. */

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class SlowDoor {
  readonly #server: Server;
  readonly #target: string;
  #held: (() => void)[] | undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((question, answer) => this.#take(question, answer));
  }

  static async open(target: string): Promise<SlowDoor> {
    const door = new SlowDoor(target);
    door.#server.listen(0, "127.0.0.1");
    await once(door.#server, "listening");
    return door;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const goOn of held) goOn();
  }

  async close(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(question: IncomingMessage, answer: ServerResponse): void {
    if (this.#held === undefined) this.#forward(question, answer);
    else this.#held.push(() => this.#forward(question, answer));
  }

  #forward(question: IncomingMessage, answer: ServerResponse): void {
    const { method = "GET", url = "/", headers: given } = question;
    const options = { host: "127.0.0.1", port: this.#target.split(":")[1], method, path: url, headers: given };
    const asked = request(options, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.rawHeaders);
      told.pipe(answer);
    });
    // Whoever asked may be gone by now.
    asked.on("error", () => answer.destroy());
    question.pipe(asked);
  }
}
