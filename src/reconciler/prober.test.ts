/** The prober and its looks over real sockets on the loopback network. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { eventually } from "../../test/engine/eventually.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { systemClock } from "../lib/system-clock.ts";
import { lookAt } from "./look-at.ts";
import { Prober, type ProbeTarget } from "./prober.ts";

const NO_ONE_LISTENS = 1;

function target(
  given: Partial<ProbeTarget> & { readonly ports?: readonly number[]; readonly path?: string },
): ProbeTarget {
  const { ports = [8080], path, ...rest } = given;
  return {
    runtimeId: "r",
    serviceId: "s",
    address: "127.0.0.1",
    startedAt: 0,
    isReady: false,
    deployment: {
      listenPorts: ports,
      health: path === undefined ? null : { path, intervalMs: 1000, timeoutMs: 200, allowsNotFound: false },
    },
    ...rest,
  };
}

async function listening(context: TestContext, server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("the first of its ports that accepts a connection is well", async (context) => {
  const [a, b] = [await listening(context, createTcpServer()), await listening(context, createTcpServer())];
  assert.equal(await lookAt(target({ ports: [NO_ONE_LISTENS, a, b] })), a);
  assert.equal(await lookAt(target({ ports: [NO_ONE_LISTENS] })), undefined);
});

test("a health check is well with 2xx and 3xx only, in time, whatever its path", async (context) => {
  const server = createServer((request, response) => {
    if (request.url === "/hangs") return;
    response.statusCode = request.url === encodeURI("/漢") ? 200 : Number(request.url?.slice(1));
    response.end();
  });
  const port = await listening(context, server);
  const look = (path: string) => lookAt(target({ ports: [port], path }));
  assert.deepEqual(await Promise.all(["/200", "/204", "/302", "/404", "/500", "/503", "/hangs", "/漢"].map(look)), [
    port,
    port,
    port,
    undefined,
    undefined,
    undefined,
    undefined,
    port,
  ]);
  server.closeAllConnections();
});

test("where the path is the runtime's own, 404 is well too; an error or silence is not", async (context) => {
  const server = createServer((request, response) => {
    if (request.url === "/hangs") return;
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  const port = await listening(context, server);
  const look = (path: string) =>
    lookAt({
      ...target({}),
      deployment: { listenPorts: [port], health: { path, intervalMs: 1000, timeoutMs: 200, allowsNotFound: true } },
    });
  const seen = await Promise.all(["/200", "/404", "/403", "/500", "/503", "/hangs"].map(look));
  assert.deepEqual(seen, [port, port, undefined, undefined, undefined, undefined]);
  server.closeAllConnections();
});

test("a body that never ends does not hold a look up", async (context) => {
  const server = createServer((_request, response) => response.writeHead(200).write("on and on"));
  const port = await listening(context, server);
  assert.equal(await lookAt(target({ ports: [port], path: "/" })), port);
  server.closeAllConnections();
});

test("a port that opens late is found, and its service is told once", async (context) => {
  const server = createTcpServer();
  const port = await listening(context, server);
  await new Promise((resolve) => server.close(resolve));
  const told: string[] = [];
  const prober = new Prober({ clock: systemClock, lookAt, onChange: (id) => told.push(id) });
  context.after(() => prober.close());
  prober.watch(target({ ports: [port], startedAt: Date.now() }));
  await eventually(() => assert.ok((prober.looks().get("r")?.badInRow ?? 0) > 3));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await eventually(() => assert.deepEqual(prober.looks().get("r"), { isWell: true, port, badInRow: 0 }));
  assert.deepEqual(told, ["s", "s"], "once when it was bad three times, once when it was well");
});

/** A prober on a clock of its own whose looks answer what `isWell` says. */
function still(given: Partial<ProbeTarget> & { readonly path?: string }) {
  const clock = new FakeClock();
  let looks = 0;
  const state = { isWell: true, told: 0, answerMs: 0 };
  const look = async (): Promise<number | undefined> => {
    looks += 1;
    if (state.answerMs > 0) await new Promise<void>((resolve) => clock.schedule(state.answerMs, resolve));
    return state.isWell ? 8080 : undefined;
  };
  const prober = new Prober({ clock, lookAt: look, onChange: () => (state.told += 1) });
  prober.watch(target({ startedAt: clock.now(), ...given }));
  const advance = async (ms: number): Promise<number> => {
    const before = looks;
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await setImmediate();
    }
    return looks - before;
  };
  return { prober, state, advance };
}

test("it looks often while an instance starts, ever more seldom, and at its interval once it was well", async () => {
  const { state, advance } = still({ path: "/" });
  state.isWell = false;
  assert.ok((await advance(1000)) >= 40);
  await advance(5000);
  assert.ok((await advance(1000)) <= 5);
  state.isWell = true;
  await advance(1000);
  assert.equal(await advance(5000), 5);
  state.isWell = false;
  assert.equal(await advance(3000), 3, "a blip is not looked at more often: three bad looks take three intervals");
});

test("one that was ready before is looked at within its interval, and nothing is told while it is well", async () => {
  const { prober, state, advance } = still({ isReady: true, path: "/" });
  assert.equal(await advance(1000), 1);
  assert.equal(state.told, 0);
  prober.forget("r");
  assert.equal(await advance(5000), 0);
  assert.deepEqual([...prober.looks()], []);
});

test("slow answers don't make looks rarer: once a second while it starts, then at its interval", async () => {
  const { state, advance } = still({ path: "/" });
  Object.assign(state, { isWell: false, answerMs: 600 });
  await advance(25_000);
  const late = await advance(10_000);
  assert.ok(late >= 10, `${late} looks in 10 s`);
  state.isWell = true;
  await advance(2000);
  const then = await advance(5000);
  assert.ok(then >= 5, `${then} looks in 5 s at an interval of 1 s`);
});

test("a health check that hangs is looked at again every second while it starts, and a slow good answer counts", async () => {
  const { prober, state, advance } = still({ path: "/" });
  Object.assign(state, { isWell: false, answerMs: 5_000 });
  const early = await advance(10_000);
  assert.ok(early >= 9 && early <= 11, `${early} looks in 10 s`);
  state.isWell = true;
  await advance(1_000);
  assert.equal(prober.looks().get("r")?.isWell, true);
  state.answerMs = 0;
  await advance(2_000);
  const then = await advance(5_000);
  assert.ok(then >= 5 && then <= 6, `${then} looks in 5 s: one after the other again`);
  assert.equal(prober.looks().get("r")?.isWell, true);
});
