/**
 * The port of `slipway dev` on 127.0.0.1: connections go to whichever copy runs, wait while it changes, and are told when
 * there is none that could answer. So the address stays, and no save costs a request more than a moment.
 */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { AppError } from "../domain/errors.ts";

type Target =
  | { readonly kind: "held" }
  | { readonly kind: "open"; readonly address: string; readonly port: number }
  | { readonly kind: "failed"; readonly words: string };

const HOST = "127.0.0.1";

export class DevPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: Socket[] = [];
  #target: Target = { kind: "held" };

  private constructor() {
    // Half open, as TCP is: who has sent all of a request still waits for the answer.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** `port`: undefined takes a free one. @throws AppError `conflict` when it is taken, `forbidden` when it may not be used */
  static async open(port: number | undefined): Promise<DevPort> {
    const devPort = new DevPort();
    try {
      devPort.#server.listen(port ?? 0, HOST);
      await once(devPort.#server, "listening");
      return devPort;
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      if (code === "EADDRINUSE") throw portTaken(port, cause);
      if (code !== "EACCES") throw cause;
      throw new AppError("forbidden", `Port ${port} is not yours to use.`, { cause, remedy: "Choose one above 1023." });
    }
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? `http://${HOST}:${address.port}` : "";
  }

  /** New connections wait from now on; those to the copy before end. */
  hold(): void {
    this.#switch({ kind: "held" });
  }

  /** Those that wait, and new ones, go there; those to the copy before end, so that none gets a last answer of it. */
  forwardTo(address: string, port: number): void {
    this.#switch({ kind: "open", address, port });
  }

  /** Those that wait, and new ones, get status 502 and these words. */
  fail(words: string): void {
    this.#switch({ kind: "failed", words });
  }

  /** Ends all connections. Idempotent. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #switch(target: Target): void {
    this.#target = target;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of this.#sockets) if (!waiting.includes(socket)) socket.destroy();
    for (const socket of waiting) this.#serve(socket);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // A client that went away; its end is handled by "close".
    socket.on("error", () => socket.destroy());
    this.#serve(socket);
  }

  #serve(socket: Socket): void {
    if (socket.destroyed) return;
    switch (this.#target.kind) {
      case "held":
        this.#waiting.push(socket);
        return;
      case "failed":
        refuse(socket, this.#target.words);
        return;
      case "open":
        join(socket, this.#target.address, this.#target.port);
    }
  }
}

function join(client: Socket, address: string, port: number): void {
  const upstream = connect({ host: address, port, allowHalfOpen: true });
  let isConnected = false;
  upstream.once("connect", () => {
    isConnected = true;
    client.pipe(upstream);
    upstream.pipe(client);
  });
  upstream.on("error", (error) => {
    if (isConnected) client.destroy();
    else refuse(client, `The function does not answer: ${error.message}.`);
  });
  upstream.once("close", () => {
    if (isConnected) client.destroySoon();
  });
  client.once("close", () => upstream.destroy());
}

function refuse(client: Socket, words: string): void {
  const body = `${words}\n`;
  const head = [
    "HTTP/1.1 502 Bad Gateway",
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  client.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // What it still sends is of no use, and must not hold up its end.
  client.resume();
}

/** `port` of this machine is somebody else's. */
export function portTaken(port: number | undefined, cause?: unknown): AppError {
  return new AppError("conflict", `Port ${port} is taken on this machine.`, {
    cause,
    remedy: "Choose another with --port.",
  });
}
