/** Promises of forwarding, shown with real apps and clients on loopback. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { eventually, rawClient, route, startApp, startGateway, tableOf } from "../../test/gateway/in-process.ts";

const GET = "GET / HTTP/1.1\r\nHost: hello.test\r\n";

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** A TCP server that answers the first bytes it gets with these and ends; for answers no HTTP server would give. */
async function startRawApp(t: TestContext, onRequest: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onRequest(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { slot: "raw-0", address: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

describe("forwarding", () => {
  it("passes method, path, query, body and end-to-end headers exactly, and the answer back", async (t) => {
    const app = await startApp(t, async (request, response) => {
      const body = await textOf(request);
      response.writeHead(201, "Made", ["X-A", "1", "X-a", "2", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
      response.end(JSON.stringify({ method: request.method, url: request.url, raw: request.rawHeaders, body }));
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = "PATCH /a%2Fb/../c?q=%20&q HTTP/1.1\r\nHost: hello.test\r\nX-Odd-CASE: 1\r\nContent-Length: 5\r\n";
    const client = rawClient(t, gateway.port, `${head}Connection: close, X-Hop\r\nX-Hop: no\r\n\r\n12345`);
    const answer = await client.closed();
    assert.match(answer, /^HTTP\/1\.1 201 Made\r\nX-A: 1\r\nX-a: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
    const seen = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    assert.equal(seen.method, "PATCH");
    assert.equal(seen.url, "/a%2Fb/../c?q=%20&q");
    assert.equal(seen.body, "12345");
    const raw = seen.raw.join("\n");
    assert.match(raw, /X-Odd-CASE\n1/);
    assert.match(raw, /content-length\n5/);
    assert.match(raw, /X-Forwarded-For\n127\.0\.0\.1\nX-Forwarded-Host\nhello\.test\nX-Forwarded-Proto\nhttp/);
    assert.doesNotMatch(raw, /X-Hop/);
  });

  it("streams both ways without waiting for an end", async (t) => {
    const app = await startApp(t, (request, response) => {
      response.flushHeaders();
      request.on("data", (chunk) => response.write(`got ${chunk};`));
      request.on("end", () => response.end("done"));
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const client = rawClient(
      t,
      gateway.port,
      `POST / HTTP/1.1\r\nHost: hello.test\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    client.socket.write("1\r\na\r\n");
    await client.until("got a;");
    client.socket.write("1\r\nb\r\n");
    await client.until("got b;");
    client.socket.write("0\r\n\r\n");
    await client.until("done");
  });

  it("sends the head of an answer on before its body comes (SSE), with no limit on pauses after it", async (t) => {
    const app = await startApp(t, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      setTimeout(() => response.end("data: 1\n\n"), 300);
    });
    const gateway = await startGateway(t, tableOf(route([app.target], { timeoutMs: 100 })));
    const response = await gateway.request("/");
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(await response.text(), "data: 1\n\n");
  });

  it("keeps lengths: chunked stays chunked, a length stays, HEAD, 204 and 304 have no body", async (t) => {
    const app = await startApp(t, (request, response) => {
      if (request.url === "/length") response.writeHead(200, { "content-length": "3" }).end("abc");
      else if (request.url === "/204") response.writeHead(204).end();
      else if (request.url === "/304") response.writeHead(304, { etag: "x" }).end();
      else response.write("abc", () => response.end());
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const ask = (method: string, path: string) => {
      const text = `${method} ${path} HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n`;
      return rawClient(t, gateway.port, text).closed();
    };
    assert.match(await ask("GET", "/chunked"), /Transfer-Encoding: chunked[\s\S]*\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/i);
    assert.match(await ask("GET", "/length"), /content-length: 3[\s\S]*\r\n\r\nabc$/);
    assert.match(await ask("HEAD", "/length"), /content-length: 3[\s\S]*\r\n\r\n$/);
    assert.match(await ask("GET", "/204"), /^HTTP\/1\.1 204[\s\S]*\r\n\r\n$/);
    assert.match(await ask("GET", "/304"), /^HTTP\/1\.1 304[\s\S]*etag: x[\s\S]*\r\n\r\n$/);
  });

  it("passes trailers of answers and of requests", async (t) => {
    const app = await startApp(t, async (request, response) => {
      await textOf(request);
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("body");
      response.addTrailers({ "X-Sum": request.trailers["x-mine"] ?? "none" });
      response.end();
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const plain = await rawClient(t, gateway.port, `${GET}Connection: close\r\n\r\n`).closed();
    assert.match(plain, /trailer: X-Sum[\s\S]*0\r\nX-Sum: none\r\n\r\n$/);
    const head = "POST / HTTP/1.1\r\nHost: hello.test\r\nTrailer: X-Mine\r\nTransfer-Encoding: chunked\r\n";
    const body = "4\r\nbody\r\n0\r\nX-Mine: 42\r\n\r\n";
    const trailed = await rawClient(t, gateway.port, `${head}Connection: close\r\n\r\n${body}`).closed();
    assert.match(trailed, /0\r\nX-Sum: 42\r\n\r\n$/);
  });

  it("leaves 100 Continue to the app", async (t) => {
    const app = await startApp(t, () => {});
    app.server.on("checkContinue", async (request, response) => {
      if (request.url === "/no") response.writeHead(413, { connection: "close" }).end("too large");
      else {
        response.writeContinue();
        response.end(await textOf(request));
      }
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: hello.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`;
    const yes = rawClient(t, gateway.port, head("/yes"));
    await yes.until("HTTP/1.1 100 Continue\r\n\r\n");
    yes.socket.write("body");
    await yes.until("body");
    assert.match(await rawClient(t, gateway.port, head("/no")).until("too large"), /^HTTP\/1\.1 413/);
  });

  it("ends the upstream's request when the client leaves", async (t) => {
    let closed = 0;
    const app = await startApp(t, (_request, response) => {
      response.on("close", () => {
        closed += 1;
      });
      response.write("first");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const client = rawClient(t, gateway.port, `${GET}\r\n`);
    await client.until("first");
    client.socket.destroy();
    await eventually(() => closed === 1);
    await eventually(() => gateway.routing.upstreams.outstandingOf("app-0") === 0);
  });

  it("breaks the client's connection when the answer ends too early", async (t) => {
    const long = await startRawApp(t, (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
    const chunked = await startRawApp(t, (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    );
    for (const target of [long, chunked]) {
      const gateway = await startGateway(t, tableOf(route([target])));
      const text = await rawClient(t, gateway.port, `${GET}\r\n`).closed();
      assert.match(text, /^HTTP\/1\.1 200 OK/);
      assert.ok(!text.endsWith("0\r\n\r\n"), "must not look whole");
    }
  });

  it("answers 502 for what is no HTTP, 504 when the first byte takes too long", async (t) => {
    const broken = await startRawApp(t, (socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
    const slow = await startRawApp(t, () => {});
    const first = await startGateway(t, tableOf(route([broken])));
    assert.equal((await first.request("/", { method: "POST" })).status, 502);
    const second = await startGateway(t, tableOf(route([slow], { timeoutMs: 100 })));
    const answer = await second.request("/");
    assert.equal(answer.status, 504);
    const body = (await answer.json()) as Record<string, string>;
    assert.deepEqual(Object.keys(body), ["error", "message", "requestId"]);
    assert.equal(body.error, "timeout");
  });

  it("answers with a head that can't be passed on as it is, and lives on", async (t) => {
    const answers: Readonly<Record<string, RegExp>> = {
      "200 O\x01K\r\nContent-Length: 2\r\n\r\nok": /^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/,
      "200 \xc5\xbdlu\r\nContent-Length: 2\r\n\r\nok": /^HTTP\/1\.1 200 /,
      "200 O\x01K\r\nX: a\x01b\r\nContent-Length: 2\r\n\r\nok": /^HTTP\/1\.1 502 Bad Gateway\r\n/,
      "101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n": /^HTTP\/1\.1 502 Bad Gateway\r\n/,
    };
    for (const [answer, expected] of Object.entries(answers)) {
      const app = await startRawApp(t, (socket) => socket.write(`HTTP/1.1 ${answer}`, "latin1"));
      const gateway = await startGateway(t, tableOf(route([app])));
      const plain = `${GET}Connection: close\r\n\r\n`;
      const unusual = `POST / HTTP/1.1\r\nHost: hello.test\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n`;
      assert.match(await rawClient(t, gateway.port, plain).closed(), expected);
      const client = rawClient(t, gateway.port, unusual);
      assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 (200|502) /);
    }
  });

  it("keeps the bytes of header values, also when the head goes out before its body", async (t) => {
    const app = await startRawApp(t, (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nX-Name: \xc5\xbd\r\nTransfer-Encoding: chunked\r\n\r\n", "latin1");
      setTimeout(() => socket.write("2\r\nok\r\n0\r\n\r\n"), 20);
    });
    const gateway = await startGateway(t, tableOf(route([app])));
    assert.match(await rawClient(t, gateway.port, `${GET}\r\n`).until("ok"), /X-Name: \xc5\xbd\r\n/);
  });

  it("answers an early refusal of a large upload and keeps the reason", async (t) => {
    const app = await startApp(t, (_request, response) => {
      response.writeHead(413, { "content-length": "3" }).end("big");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const head = `POST / HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 50000000\r\n\r\n${"x".repeat(300_000)}`;
    const text = await rawClient(t, gateway.port, head).until("big");
    assert.match(text, /^HTTP\/1\.1 413/);
  });

  it("holds a fast sender back when the receiver is slow, both ways", async (t) => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const app = await startApp(t, (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const pump = () => {
        while (sent < total && response.writable) {
          sent += chunk.length;
          if (response.write(chunk)) continue;
          response.once("drain", pump);
          return;
        }
        response.end();
      };
      pump();
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const client = rawClient(t, gateway.port, `${GET}\r\n`);
    client.socket.pause();
    let before = -1;
    await eventually(async () => {
      const isStill = sent === before && sent > 0;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return isStill;
    });
    assert.ok(sent < total, `${sent} bytes were taken while nobody read`);
  });
});
