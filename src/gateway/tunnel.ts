/**
 * WebSockets: the upgrade is asked of the upstream with Node's client, and only after its `101` the two connections are
 * joined. Any other answer is passed on and the connection closed, so that nobody can speak HTTP past the gateway.
 */

import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { reasonFor } from "./answers.ts";
import { responseHeaders } from "./headers.ts";
import type { Upstream } from "./upstream.ts";

export type UpgradeRequest = {
  readonly target: string;
  /** For the upstream, without Connection and Upgrade. */
  readonly headers: readonly string[];
  readonly socket: Duplex;
  /** What the client has already sent after its request. */
  readonly head: Buffer;
  readonly timeoutMs: number;
};

/** As `ForwardOutcome`; `answered` once both sides have closed. */
export type TunnelOutcome = "answered" | "not_connected" | "no_answer" | "timeout" | "client_gone";

export function openTunnel(upgrade: UpgradeRequest, upstream: Upstream): Promise<TunnelOutcome> {
  upstream.begin();
  return new Promise<TunnelOutcome>((resolve) => attempt(upgrade, upstream, resolve)).finally(() => upstream.end());
}

function attempt(upgrade: UpgradeRequest, upstream: Upstream, resolve: (outcome: TunnelOutcome) => void): void {
  const { socket } = upgrade;
  let isConnected = false;
  let failure: TunnelOutcome | undefined;
  const request = httpRequest({
    method: "GET",
    path: upgrade.target,
    headers: [...upgrade.headers, "Connection", "Upgrade", "Upgrade", "websocket"],
    createConnection: () =>
      upstream.connect((error) => {
        isConnected = error === null;
      }, true),
  });
  const timer = upgrade.timeoutMs > 0 ? setTimeout(() => giveUp("timeout"), upgrade.timeoutMs) : undefined;
  const giveUp = (outcome: TunnelOutcome) => {
    failure = outcome;
    request.destroy();
  };
  const onClientGone = () => giveUp("client_gone");
  socket.on("close", onClientGone).on("error", onClientGone);
  const settle = () => {
    clearTimeout(timer);
    socket.off("close", onClientGone).off("error", onClientGone);
  };
  request.on("error", () => {
    settle();
    resolve(failure ?? (isConnected ? "no_answer" : "not_connected"));
  });
  request.on("upgrade", (answer, upstreamSocket, upstreamHead) => {
    settle();
    socket.write(headText(answer, ["Connection", "Upgrade", "Upgrade", "websocket"]), "latin1");
    join(socket, upgrade.head, upstreamSocket, upstreamHead, () => resolve("answered"));
  });
  request.on("response", (answer) => {
    settle();
    passOn(answer, socket, () => resolve("answered"));
  });
  request.end();
}

/** Not an upgrade after all: the answer goes out as it is, ended by the end of the connection. */
function passOn(answer: IncomingMessage, socket: Duplex, onEnd: () => void): void {
  socket.write(headText(answer, ["Connection", "close"]), "latin1");
  socket.on("error", () => answer.destroy());
  socket.once("close", () => {
    answer.destroy();
    onEnd();
  });
  answer.on("error", () => socket.destroy());
  answer.pipe(socket);
}

function headText(answer: IncomingMessage, more: readonly string[]): string {
  const context = { closes: false, canTrail: false, isSandboxed: false };
  const headers = [...responseHeaders(answer.rawHeaders, context), ...more];
  let text = `HTTP/1.1 ${answer.statusCode} ${reasonFor(answer.statusCode ?? 502, answer.statusMessage)}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Bytes both ways, each end passed on as such; an error on either side ends both. */
function join(client: Duplex, clientHead: Buffer, upstream: Duplex, upstreamHead: Buffer, onEnd: () => void): void {
  let open = 2;
  const closed = (other: Duplex) => () => {
    other.end(() => other.destroy());
    open -= 1;
    if (open === 0) onEnd();
  };
  if (upstreamHead.length > 0) client.write(upstreamHead);
  if (clientHead.length > 0) upstream.write(clientHead);
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("error", () => to.destroy());
    from.once("close", closed(to));
    from.pipe(to);
  }
}
