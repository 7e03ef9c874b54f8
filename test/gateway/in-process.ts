/** A gateway server in this process, apps behind it on loopback ports, and clients that speak raw bytes. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import {
  type Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { EMPTY_TABLE, type RouteTable, type RouteTarget, type ServiceRoute } from "../../src/domain/route.ts";
import { ControlProxy } from "../../src/gateway/control-proxy.ts";
import { Counters } from "../../src/gateway/counters.ts";
import { Credentials } from "../../src/gateway/credentials.ts";
import { GatewayServer } from "../../src/gateway/gateway-server.ts";
import { LineLogger } from "../../src/gateway/line-logger.ts";
import { Peers } from "../../src/gateway/peers.ts";
import { PlainForwarder } from "../../src/gateway/plain-forwarder.ts";
import { RequestRouter } from "../../src/gateway/request-router.ts";
import { RoutingState } from "../../src/gateway/routing-state.ts";
import { UndiciForwarder } from "../../src/gateway/undici-forwarder.ts";

export type TestApp = { readonly server: Server; readonly port: number; readonly target: RouteTarget };

/** An HTTP app on a loopback port; ends with the test. */
export async function startApp(t: TestContext, listener: RequestListener, slot = "app-0"): Promise<TestApp> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, target: { slot, address: "127.0.0.1", port } };
}

/** A route of the service `hello` with these targets. */
export function route(targets: readonly RouteTarget[], more: Partial<ServiceRoute> = {}): ServiceRoute {
  return {
    serviceId: "hello",
    name: "hello",
    projectSlug: "default",
    state: "ready",
    targets,
    timeoutMs: 5_000,
    parkMs: 5_000,
    ...more,
  };
}

/** A table of that one service: `hello.<anything>` and `/funko/hello/`. */
export function tableOf(service: ServiceRoute, more: Partial<RouteTable> = {}): RouteTable {
  return { ...EMPTY_TABLE, services: [service], labels: [["hello", "hello"]], ...more };
}

export type TestGateway = {
  readonly port: number;
  readonly routing: RoutingState;
  readonly counters: Counters;
  readonly credentials: Credentials;
  readonly router: RequestRouter;
  readonly server: GatewayServer;
  readonly controlSocket: string;
  /** Asks the function's own host. */
  request(path: string, init?: Ask): Promise<Response>;
};

export async function startGateway(
  t: TestContext,
  table: RouteTable = EMPTY_TABLE,
  options: { readonly trustedProxies?: readonly string[]; readonly awayMs?: number; readonly maxWaiting?: number } = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-gateway-"));
  const controlSocket = join(folder, "control.sock");
  const routing = new RoutingState(options.maxWaiting);
  const counters = new Counters();
  const credentials = new Credentials();
  const router = new RequestRouter({
    routing,
    control: new ControlProxy(controlSocket, options.awayMs),
    forwarder: new UndiciForwarder(),
    unusualForwarder: new PlainForwarder(),
    peers: new Peers(options.trustedProxies ?? []),
    credentials,
    counters,
    logger: new LineLogger("error"),
  });
  const server = new GatewayServer(router, undefined);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  routing.apply(table);
  t.after(async () => {
    await server.drain({ idleMs: 10, limitMs: 50 });
    routing.apply(EMPTY_TABLE);
    await rm(folder, { recursive: true, force: true });
  });
  const request = (path: string, init?: Ask) => ask(port, path, init);
  return { port, routing, counters, credentials, router, server, controlSocket, request };
}

export type Ask = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
};

/** A request to `hello.localhost`, which not every resolver knows. Resolves with the whole answer. */
export async function ask(port: number, path: string, init: Ask = {}): Promise<Response> {
  const { method = "GET", headers = {}, body, agent } = init;
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    path,
    method,
    headers: { ...headers, host: `hello.localhost:${port}` },
    agent: agent ?? false,
  });
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0, headers: pairs });
}

/** A raw connection that collects what it gets; ends with the test. */
export type RawClient = {
  readonly socket: Socket;
  /** All bytes so far, as latin1. */
  text(): string;
  /** Resolves with the text once it holds `part`. Rejects when the connection ends without it. */
  until(part: string): Promise<string>;
  /** Resolves with the text once the connection has closed. */
  closed(): Promise<string>;
};

export function rawClient(t: TestContext, port: number, send: string): RawClient {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let isClosed = false;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  // A reset is one way for a connection to close; tests look at `closed`.
  socket.on("error", () => {});
  socket.on("close", () => {
    isClosed = true;
  });
  t.after(() => socket.destroy());
  socket.write(send, "latin1");
  const closed = () =>
    new Promise<string>((resolve) => {
      if (isClosed) resolve(text);
      else socket.on("close", () => resolve(text));
    });
  const until = (part: string) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        if (text.includes(part)) resolve(text);
        else if (isClosed) reject(new Error(`closed before ${JSON.stringify(part)}: ${JSON.stringify(text)}`));
      };
      socket.on("data", check).on("close", check);
      check();
    });
  return { socket, text: () => text, until, closed };
}

/** Polls until `isTrue`; rejects after `limitMs`. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await isTrue())) {
    if (performance.now() > until) throw new Error(`did not become true within ${limitMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
