/** WebSockets through the gateway, with the ws package at both ends. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import {
  eventually,
  rawClient,
  route,
  startApp,
  startGateway,
  type TestGateway,
  tableOf,
} from "../../test/gateway/in-process.ts";
import { GatewayServer } from "./gateway-server.ts";

/** An app that echoes messages and names its path first. */
async function echoApp(t: TestContext) {
  const app = await startApp(t, (_request, response) => response.end("plain"));
  const sockets = new WebSocketServer({ server: app.server });
  sockets.on("connection", (socket, request) => {
    socket.send(`at ${request.url}`);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return { ...app, sockets };
}

function open(t: TestContext, gateway: TestGateway, path: string, host = "hello.test"): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, { headers: { host } });
  t.after(() => socket.terminate());
  return socket;
}

async function next(socket: WebSocket): Promise<string> {
  const [data] = await once(socket, "message");
  return String(data);
}

describe("WebSockets", () => {
  it("reach the instance with their path, and messages of 1 MiB come back whole", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const socket = open(t, gateway, "/chat?x=1");
    assert.equal(await next(socket), "at /chat?x=1");
    const large = "x".repeat(1024 * 1024);
    socket.send(large);
    assert.equal(await next(socket), large);
    assert.equal(gateway.routing.upstreams.outstandingOf("app-0"), 1);
    socket.close(1000);
    await once(socket, "close");
    await eventually(() => gateway.routing.upstreams.outstandingOf("app-0") === 0);
  });

  it("outlast timeoutMs", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target], { timeoutMs: 40 })));
    const socket = open(t, gateway, "/");
    await next(socket);
    await new Promise((resolve) => setTimeout(resolve, 80));
    socket.send("still");
    assert.equal(await next(socket), "still");
  });

  it("end on both sides when one side breaks", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const socket = open(t, gateway, "/");
    await next(socket);
    socket.terminate();
    await eventually(() => app.sockets.clients.size === 0);
    const other = open(t, gateway, "/");
    await next(other);
    for (const client of app.sockets.clients) client.terminate();
    await once(other, "close");
  });

  it("wait for a parked instance, and get the 503 of one that is not there", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([], { state: "parked" })));
    const socket = open(t, gateway, "/");
    await eventually(() => gateway.routing.waiting === 1);
    gateway.routing.apply(tableOf(route([app.target])));
    assert.equal(await next(socket), "at /");
    gateway.routing.apply(tableOf(route([], { state: "stopped" })));
    const [error] = await once(open(t, gateway, "/"), "error");
    assert.match(String(error), /503/);
  });

  it("pass an app's refusal on and close the connection, so that it can't be spoken past the gateway", async (t) => {
    const app = await startApp(t, () => {});
    app.server.on("upgrade", (_request, socket) => {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = "GET / HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const answer = await rawClient(t, gateway.port, `${head}GET /api HTTP/1.1\r\nHost: x\r\n\r\n`).closed();
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*Connection: close[\s\S]*no$/);
  });

  it("reach control on the platform's own host", async (t) => {
    const gateway = await startGateway(t);
    const control = createServer();
    const sockets = new WebSocketServer({ server: control });
    sockets.on("connection", (socket, request) => socket.send(String(request.headers["x-slipway-peer"])));
    const socket = open(t, gateway, "/ws", "own.test");
    control.listen(gateway.controlSocket);
    t.after(() => control.close());
    assert.equal(await next(socket), "127.0.0.1");
  });

  it("reach an instance through a path route of the platform's own host, and through a local port", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target]), { localPorts: [[1, "hello"]] }));
    assert.equal(await next(open(t, gateway, "/funko/hello/chat", "own.test")), "at /chat");
    const local = new GatewayServer(gateway.router, 1);
    const port = await local.listen({ host: "127.0.0.1", port: 0 });
    t.after(() => local.drain({ limitMs: 10 }));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    t.after(() => socket.terminate());
    assert.equal(await next(socket), "at /chat");
  });

  for (const leave of ["end", "destroy", "resetAndDestroy"] as const)
    it(`are forgotten when their client leaves while they wait (${leave})`, async (t) => {
      const gateway = await startGateway(t, tableOf(route([], { state: "parked" })));
      const socket = connect(gateway.port, "127.0.0.1");
      t.after(() => socket.destroy());
      socket.write("GET / HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      await eventually(() => gateway.routing.waiting === 1);
      socket[leave]();
      await eventually(() => gateway.routing.waiting === 0);
    });

  it("are refused with a body, which each side would read differently", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = "GET / HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    const answer = await rawClient(t, gateway.port, `${head}Content-Length: 3\r\n\r\nabc`).closed();
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });

  it("are the only upgrade there is: another one is an ordinary request", async (t) => {
    const app = await echoApp(t);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = "GET / HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n";
    assert.match(await rawClient(t, gateway.port, head).until("plain"), /^HTTP\/1\.1 200/);
  });
});
