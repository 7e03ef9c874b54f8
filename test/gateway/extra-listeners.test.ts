/** Addresses beside the public one: those that can't be had are told and tried again, and never stop the rest. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { type ExtraAddress, ExtraListeners } from "../../src/gateway/extra-listeners.ts";
import { route, startApp, startGateway, tableOf } from "./in-process.ts";

async function open(t: TestContext) {
  const app = await startApp(t, (request, response) => response.end(`app at ${request.url}`));
  const gateway = await startGateway(t, tableOf(route([app.target])));
  const reports: string[] = [];
  const listeners = new ExtraListeners(gateway.router, ({ host, port }, problem) =>
    reports.push(`${host}:${port} ${problem ?? "open"}`),
  );
  t.after(() => listeners.drain({ idleMs: 10, limitMs: 50 }));
  return { listeners, reports };
}

const inside = (host: string, port: number): ExtraAddress => ({ host, port, isLocalPort: false });
const textOf = async (url: string) => (await fetch(url)).text();

test("what comes in there is routed as on the public address, a local port as its service's own", async (t) => {
  const { listeners } = await open(t);
  const [first, second] = await Promise.all([freePort(), freePort()]);
  await listeners.apply([inside("127.0.0.9", first), { host: "127.0.0.1", port: second, isLocalPort: true }]);
  assert.equal(await textOf(`http://127.0.0.9:${first}/funko/hello/x`), "app at /x");
  assert.match(await textOf(`http://127.0.0.1:${second}/`), /There is no function on port/);
});

test("an address that does not exist or is taken is reported, and had once it can be", async (t) => {
  const { listeners, reports } = await open(t);
  const other = createServer().listen(0, "127.0.0.9");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const free = await freePort();
  const wanted = [inside("203.0.113.1", 8888), inside("127.0.0.9", port), inside("127.0.0.9", free)];
  await listeners.apply(wanted);
  assert.deepEqual(reports.toSorted(), [
    ...[`127.0.0.9:${port} EADDRINUSE`, `127.0.0.9:${free} open`].toSorted(),
    "203.0.113.1:8888 EADDRNOTAVAIL",
  ]);
  await new Promise((resolve) => other.close(resolve));
  reports.length = 0;
  await listeners.apply(wanted);
  assert.deepEqual(reports.toSorted(), [`127.0.0.9:${port} open`, "203.0.113.1:8888 EADDRNOTAVAIL"]);
  assert.equal(await textOf(`http://127.0.0.9:${port}/funko/hello/`), "app at /");
});

test("what is no longer wanted is closed", async (t) => {
  const { listeners } = await open(t);
  const port = await freePort();
  await listeners.apply([inside("127.0.0.9", port)]);
  await listeners.apply([]);
  await assert.rejects(fetch(`http://127.0.0.9:${port}/`));
});

/** One that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.9");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
