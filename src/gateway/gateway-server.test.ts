/** What a client on the wire gets for bad bytes, and how a server drains. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rawClient, route, startApp, startGateway, tableOf } from "../../test/gateway/in-process.ts";

const BAD: Readonly<Record<string, string>> = {
  "two Host headers": "GET / HTTP/1.1\r\nHost: hello.test\r\nHost: hello.test\r\n\r\n",
  "a Host with a space": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
  "an absolute target of another host": "GET http://other.test/ HTTP/1.1\r\nHost: hello.test\r\n\r\n",
  "HTTP/1.0 with Transfer-Encoding":
    "POST / HTTP/1.0\r\nHost: hello.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "no Host": "GET / HTTP/1.1\r\n\r\n",
  "length and chunks": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "two lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
  "a length that is no number": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
  "a coding besides chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "an obscured coding": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "a space before the colon": "GET / HTTP/1.1\r\nHost : hello.test\r\n\r\n",
  "a folded header": "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
  "a bare line feed": "GET / HTTP/1.1\nHost: a\n\n",
  "a head that is too large": `GET / HTTP/1.1\r\nHost: hello.test\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
  "bytes that are no HTTP": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
};

describe("bad requests", () => {
  for (const [name, text] of Object.entries(BAD)) {
    it(`answers 400 and closes the connection for ${name}; nothing reaches the app`, async (t) => {
      let reached = 0;
      const app = await startApp(t, (_request, response) => {
        reached += 1;
        response.end();
      });
      const gateway = await startGateway(t, tableOf(route([app.target])));
      const answer = await rawClient(t, gateway.port, text).closed();
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /connection: close/i);
      assert.equal(reached, 0);
    });
  }

  it("answers 400 in the error body every surface has", async (t) => {
    const gateway = await startGateway(t);
    const answer = await rawClient(t, gateway.port, BAD["two Host headers"] ?? "").closed();
    const body = JSON.parse(answer.slice(answer.indexOf("{")));
    assert.deepEqual(Object.keys(body), ["error", "message", "requestId"]);
    assert.equal(body.error, "invalid");
  });

  it("takes a head of 60 KiB", async (t) => {
    const app = await startApp(t, (request, response) => response.end(`${request.headers.x?.length}`));
    app.server.maxHeadersCount = 0;
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = `GET /?${"q".repeat(15_000)} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
    assert.match(await rawClient(t, gateway.port, head).until("undefined"), /^HTTP\/1\.1 200/);
  });
});

describe("headers that speak of other proxies", () => {
  const seen = { "x-forwarded-for": "1.1.1.1", "x-request-id": "mine", x_forwarded_for: "2.2.2.2" };

  it("are replaced when they come from a stranger", async (t) => {
    const app = await startApp(t, (request, response) => response.end(JSON.stringify(request.headers)));
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const headers = (await (await gateway.request("/", { headers: seen })).json()) as Record<string, string>;
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers.x_forwarded_for, undefined);
    assert.notEqual(headers["x-request-id"], "mine");
  });

  it("are kept and added to when they come from a trusted proxy", async (t) => {
    const app = await startApp(t, (request, response) => response.end(JSON.stringify(request.headers)));
    const gateway = await startGateway(t, tableOf(route([app.target])), { trustedProxies: ["127.0.0.0/8"] });
    const headers = (await (await gateway.request("/", { headers: seen })).json()) as Record<string, string>;
    assert.equal(headers["x-forwarded-for"], "1.1.1.1, 127.0.0.1");
    assert.equal(headers["x-request-id"], "mine");
  });
});

describe("draining", () => {
  it("finishes what is under way, tells keep-alive clients to leave, and accepts nobody new", async (t) => {
    let finish: () => void = () => {};
    const app = await startApp(t, (request, response) => {
      if (request.url === "/slow") finish = () => response.end("slow");
      else response.end("quick");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
    const idle = rawClient(t, gateway.port, GET("/"));
    await idle.until("quick");
    const slow = rawClient(t, gateway.port, GET("/slow"));
    while (gateway.routing.upstreams.outstandingOf("app-0") === 0)
      await new Promise((resolve) => setImmediate(resolve));
    gateway.router.isDraining = true;
    const drained = gateway.server.drain({ limitMs: 5_000 });
    assert.equal(await rawClient(t, gateway.port, GET("/")).closed(), "");
    idle.socket.write(GET("/"));
    assert.match(await idle.closed(), /quick[\s\S]*Connection: close[\s\S]*quick$/);
    finish();
    assert.match(await slow.closed(), /slow$/);
    await drained;
  });

  it("ends connections that stay idle for the time they were told, each counted from its last answer", async (t) => {
    let finish: () => void = () => {};
    const app = await startApp(t, (request, response) => {
      if (request.url === "/slow") response.write("begun", () => (finish = () => response.end("done")));
      else response.end("quick");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
    const idle = rawClient(t, gateway.port, GET("/"));
    assert.match(await idle.until("quick"), /Keep-Alive: timeout=5\r\n/);
    const silent = rawClient(t, gateway.port, "");
    const late = rawClient(t, gateway.port, GET("/slow"));
    await late.until("begun");
    gateway.router.isDraining = true;
    const drained = gateway.server.drain({ limitMs: 5_000, idleMs: 150 });
    await Promise.all([idle.closed(), silent.closed()]);
    assert.ok(!late.socket.destroyed, "it has an answer under way");
    finish();
    await late.until("done");
    late.socket.write(GET("/"));
    assert.match(await late.closed(), /done[\s\S]*Connection: close[\s\S]*quick$/);
    await drained;
  });
});
