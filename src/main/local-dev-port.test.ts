/** The port of `slipway dev`: who asks gets the copy that runs, waits for one, or is told why there is none. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { DevPort } from "./local-dev-port.ts";

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** A server that answers `text`; answers its port. */
async function serve(text: string): Promise<number> {
  const server = createServer((_, response) => response.end(text)).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function ask(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

test("a request waits for the copy that comes, and a later one goes to the copy after that", async () => {
  const port = await DevPort.open(undefined);
  try {
    const waiting = ask(port.url);
    port.forwardTo("127.0.0.1", await serve("one"));
    assert.deepEqual(await waiting, { status: 200, text: "one" });
    port.hold();
    port.forwardTo("127.0.0.1", await serve("two"));
    assert.deepEqual(await ask(port.url), { status: 200, text: "two" });
  } finally {
    await port.close();
  }
});

test("when there is none, the answer is 502 and says why", async () => {
  const port = await DevPort.open(undefined);
  try {
    port.fail("hello ended: exit code 1.");
    assert.deepEqual(await ask(port.url), { status: 502, text: "hello ended: exit code 1.\n" });
    port.forwardTo("127.0.0.1", 1);
    const refused = await ask(port.url);
    assert.equal(refused.status, 502);
    assert.match(refused.text, /does not answer/);
  } finally {
    await port.close();
  }
});

test("a port that is taken is a conflict that says what to do", async () => {
  const first = await DevPort.open(undefined);
  try {
    const taken = Number(new URL(first.url).port);
    await assert.rejects(DevPort.open(taken), { code: "conflict", remedy: "Choose another with --port." });
  } finally {
    await first.close();
  }
});
