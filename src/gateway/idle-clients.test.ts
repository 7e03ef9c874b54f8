/** Kept connections to an instance: none that it may just be closing is used for what can't be sent twice. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { route, startApp, startGateway, tableOf } from "../../test/gateway/in-process.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const post = { method: "POST", body: "x" };

/** An app that stops to read a connection after `idleMs`, and closes it only a while later: the race, made long. */
async function startClosingApp(t: TestContext, idleMs: number) {
  const seen = { connections: 0, requests: 0 };
  const server = createServer((socket: Socket) => {
    seen.connections += 1;
    let timer: NodeJS.Timeout | undefined;
    socket.on("error", () => {});
    socket.on("close", () => clearTimeout(timer));
    socket.on("data", () => {
      clearTimeout(timer);
      seen.requests += 1;
      socket.write(ANSWER);
      timer = setTimeout(() => {
        socket.pause();
        timer = setTimeout(() => socket.destroy(), 60);
      }, idleMs);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { seen, target: { slot: "closing-0", address: "127.0.0.1", port } };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("an instance that closes idle connections without having said so", () => {
  it("loses no POST that comes in just that moment", async (t) => {
    const app = await startClosingApp(t, 40);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    for (let i = 0; i < 8; i += 1) {
      assert.equal((await gateway.request("/", post)).status, 200);
      await wait(70);
    }
    assert.equal(app.seen.requests, 8);
  });

  it("loses no GET either, by sending it again", async (t) => {
    const app = await startClosingApp(t, 40);
    const gateway = await startGateway(t, tableOf(route([app.target])));
    for (let i = 0; i < 8; i += 1) {
      assert.equal((await gateway.request("/")).status, 200);
      await wait(70);
    }
  });
});

describe("an instance that keeps idle connections", () => {
  it("gets POSTs that follow each other on few connections", async (t) => {
    let connections = 0;
    const app = await startApp(t, (request, response) => request.pipe(response));
    app.server.on("connection", () => {
      connections += 1;
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    for (let i = 0; i < 200; i += 1) assert.equal(await (await gateway.request("/", post)).text(), "x");
    assert.ok(connections < 50, `${connections} connections`);
  });
});
