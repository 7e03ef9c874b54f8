import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, before, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { CANVAS_LIMITS, CanvasClient, type CanvasClientOptions } from "../../src/http/canvas/client.ts";
import { Outbox } from "../../src/http/canvas/outbox.ts";
import { encode } from "../../src/http/canvas/server-messages.ts";
import type { OpenSocket } from "../../src/http/web-sockets.ts";
import { eventually } from "../engine/eventually.ts";
import { TestCanvasClient } from "../support/canvas-client.ts";

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const opened: { ws: WebSocket; raw: Socket }[] = [];
server.on("upgrade", (request, raw: Socket, head) => {
  sockets.handleUpgrade(request, raw, head, (ws) => opened.push({ ws, raw }));
});
let base: string;
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

/** Both ends of one connection. */
async function pair(): Promise<{ readonly client: TestCanvasClient; readonly socket: OpenSocket }> {
  const client = await TestCanvasClient.open(base, "any");
  return { client, socket: await eventually(() => opened.shift() ?? assert.fail("not open yet")) };
}

function taker(socket: OpenSocket, given: Partial<CanvasClientOptions> = {}): CanvasClient {
  return new CanvasClient({
    id: "c",
    socket,
    limits: CANVAS_LIMITS,
    identify: async () => ({ kind: "passkey", role: "admin" }),
    onJoin: async () => undefined,
    onMessage: async () => undefined,
    onLeave: () => undefined,
    onCaughtUp: () => undefined,
    onError: () => undefined,
    ...given,
  });
}

const quick = (given: Partial<typeof CANVAS_LIMITS>) => ({ limits: { ...CANVAS_LIMITS, ...given } });

test("who says nothing is cut off with 4001", async () => {
  const { client, socket } = await pair();
  taker(socket, quick({ authMs: 20 }));
  assert.equal((await client.closed).code, 4001);
});

test("who does not answer pings is cut off; who does, stays", async () => {
  const [dead, live] = [await pair(), await pair()];
  (dead.client.ws as unknown as { _socket: Socket })._socket.pause();
  const left: string[] = [];
  for (const [name, { client, socket }] of Object.entries({ dead, live })) {
    taker(socket, { ...quick({ pingMs: 30 }), onLeave: () => left.push(name) });
    if (name === "live") client.say("auth", { token: "t" });
  }
  let pings = 0;
  live.client.ws.on("ping", () => {
    pings += 1;
  });
  await once(dead.socket.ws, "close");
  await eventually(() => assert.ok(pings >= 3));
  assert.deepEqual(left, []);
  live.client.ws.terminate();
  dead.client.ws.terminate();
});

test("messages are taken one after the other, in their order, and the connection is not read on meanwhile", async () => {
  const { client, socket } = await pair();
  const seen: string[] = [];
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  taker(socket, {
    onMessage: async (_client, text) => {
      await gate;
      seen.push(text);
    },
  });
  client.say("auth", { token: "t" });
  for (let i = 0; i < 300; i += 1) client.ws.send(String(i));
  await eventually(() => assert.ok(socket.ws.isPaused));
  go();
  await eventually(() => assert.equal(seen.length, 300));
  assert.deepEqual(
    seen,
    Array.from({ length: 300 }, (_, i) => String(i)),
  );
  client.ws.terminate();
});

test("a reader that does not read misses messages, delays nobody, costs no more than its buffer, and is cut off", async () => {
  const { client, socket } = await pair();
  (client.ws as unknown as { _socket: Socket })._socket.pause();
  let caughtUp = 0;
  const outbox = new Outbox(socket, {
    ...{ maxMessages: 256, maxBytes: 1024 * 1024, writeTimeoutMs: 200 },
    onCaughtUp: () => {
      caughtUp += 1;
    },
  });
  const message = encode("note", { text: "x".repeat(10_000) });
  for (let i = 0; i < 5_000; i += 1) {
    outbox.send(message);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    // The kernel's own buffers are not ours to count.
    assert.ok(socket.raw.writableLength < 256 * 1024, `${socket.raw.writableLength} bytes wait in the process`);
  }
  assert.equal(caughtUp, 0);
  await once(socket.ws, "close");
  client.ws.terminate();
});

test("a reader that was slow hears it once it has caught up, and what it was sent is in order", async () => {
  const { client, socket } = await pair();
  const below = (client.ws as unknown as { _socket: Socket })._socket;
  below.pause();
  const caughtUp = new Promise<void>((resolve) => {
    const options = { maxMessages: 256, maxBytes: 64 * 1024 * 1024, writeTimeoutMs: 10_000, onCaughtUp: resolve };
    const outbox = new Outbox(socket, options);
    for (let i = 0; i < 2_000; i += 1) outbox.send(encode("n", { i, text: "x".repeat(50_000) }));
  });
  below.resume();
  await caughtUp;
  await eventually(() => assert.equal(client.told.length, 256));
  assert.deepEqual(
    client.told.map(({ payload }) => (payload as { i: number }).i),
    Array.from({ length: 256 }, (_, i) => i),
  );
  client.ws.terminate();
});
