import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { it, type TestContext } from "node:test";
import { Exchange } from "./exchange.ts";
import { RequestBody } from "./request-body.ts";
import { inspectHead } from "./request-guard.ts";

/** A server that reads bodies with that limit, and a client that sends these parts of one of 4 bytes, 40 ms apart. */
async function send(t: TestContext, stallLimitMs: number, parts: readonly string[]): Promise<string> {
  const server = createServer((request, response) => {
    const { method = "", url = "", httpVersion, rawHeaders } = request;
    const verdict = inspectHead({ method, url, httpVersion, rawHeaders });
    assert.ok(verdict.isAllowed);
    const found = { head: verdict.head, peer: { address: "", isTrusted: false }, requestId: "" };
    const body = new RequestBody(new Exchange(request, response, found, { isDraining: false }), stallLimitMs);
    body.on("error", () => {});
    body.on("end", () => response.end("whole")).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.setEncoding("latin1").write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n");
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  for (const part of parts) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    socket.write(part);
  }
  await once(socket, "close");
  return text;
}

it("takes a body as slowly as it comes while it makes progress", async (t) => {
  assert.match(await send(t, 150, ["a", "b", "c", "d"]), /whole/);
});

it("ends a client that sends no more of its body", async (t) => {
  assert.equal(await send(t, 150, ["a", "b"]), "");
});
