/** Promises about instances that come, go and fail: who gets a request, who waits, and what is tried again. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { eventually, rawClient, route, startApp, startGateway, tableOf } from "../../test/gateway/in-process.ts";
import type { RouteTarget } from "../domain/route.ts";

/** A port on which nothing listens. */
async function deadTarget(): Promise<RouteTarget> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return { slot: "dead-0", address: "127.0.0.1", port: typeof address === "object" && address ? address.port : 1 };
}

describe("an instance that can't be reached", () => {
  it("costs no request while another one is there, POST included", async (t) => {
    const app = await startApp(t, (_request, response) => response.end("ok"));
    const gateway = await startGateway(t, tableOf(route([await deadTarget(), app.target])));
    for (let i = 0; i < 6; i += 1) {
      assert.equal(await (await gateway.request("/", { method: "POST", body: "x" })).text(), "ok");
    }
  });

  it("makes its requests wait for the next table", async (t) => {
    const gateway = await startGateway(t, tableOf(route([await deadTarget()])));
    const pending = gateway.request("/", { method: "POST", body: "kept" });
    const app = await startApp(t, (request, response) => request.pipe(response));
    gateway.routing.apply(tableOf(route([app.target])));
    assert.equal(await (await pending).text(), "kept");
  });
});

describe("an instance that breaks off", () => {
  it("is tried again for what may be repeated: once, on another instance", async (t) => {
    let broken = 0;
    const bad = await startApp(t, (request) => {
      broken += 1;
      request.socket.destroy();
    });
    const good = await startApp(t, (_request, response) => response.end("ok"), "app-1");
    const gateway = await startGateway(t, tableOf(route([bad.target, good.target])));
    for (let i = 0; i < 4; i += 1) assert.equal((await gateway.request("/")).status, 200);
    assert.ok(broken > 0);
    const gone = await startGateway(t, tableOf(route([bad.target])));
    broken = 0;
    assert.equal((await gone.request("/")).status, 502);
    assert.equal(broken, 2);
  });

  it("is not tried again at once: while it dies it still takes connections, which it breaks off too", async (t) => {
    let isDead = false;
    const dying = await startApp(t, (request, response) => {
      if (isDead) response.end("back");
      else request.socket.destroy();
      setTimeout(() => {
        isDead = true;
      }, 10);
    });
    const gateway = await startGateway(t, tableOf(route([dying.target])));
    assert.equal((await gateway.request("/")).status, 200);
  });

  it("gets a POST only once", async (t) => {
    let posts = 0;
    const bad = await startApp(t, (request) => {
      posts += 1;
      request.socket.destroy();
    });
    const gateway = await startGateway(t, tableOf(route([bad.target])));
    const answer = await gateway.request("/", { method: "POST", body: "x" });
    assert.equal(answer.status, 502);
    assert.equal(((await answer.json()) as Record<string, string>).error, "bad_gateway");
    assert.equal(posts, 1);
  });
});

describe("a service without a ready instance", () => {
  it("answers 503 with Retry-After and the reason while it is built, starting, stopped or failed", async (t) => {
    const gateway = await startGateway(t);
    for (const state of ["building", "starting", "stopped", "failed"] as const) {
      gateway.routing.apply(tableOf(route([], { state })));
      const answer = await gateway.request("/");
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get("retry-after") ?? "", /^[0-9]+$/);
      const body = (await answer.json()) as Record<string, string>;
      assert.deepEqual(Object.keys(body), ["error", "message", "requestId"]);
      assert.match(body.message ?? "", /^hello (is|has) /);
    }
  });

  it("parks requests until it is back, and answers 503 when that takes longer than parkMs", async (t) => {
    const app = await startApp(t, (_request, response) => response.end("back"));
    const gateway = await startGateway(t, tableOf(route([], { state: "parked" })));
    const waiting = [1, 2, 3].map(() => gateway.request("/"));
    gateway.routing.apply(tableOf(route([], { state: "parked" }), { paths: [["/other", "hello"]] }));
    gateway.routing.apply(tableOf(route([app.target])));
    for (const answer of await Promise.all(waiting)) assert.equal(await answer.text(), "back");
    gateway.routing.apply(tableOf(route([], { state: "parked", parkMs: 30 })));
    assert.equal((await gateway.request("/")).status, 503);
  });

  it("answers 503 with Retry-After at once when too many wait already", async (t) => {
    const app = await startApp(t, (_request, response) => response.end("back"));
    const gateway = await startGateway(t, tableOf(route([], { state: "parked" })), { maxWaiting: 2 });
    const waiting = [gateway.request("/"), gateway.request("/")];
    await eventually(() => gateway.routing.waiting === 2);
    const refused = await gateway.request("/");
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^[0-9]+$/);
    gateway.routing.apply(tableOf(route([app.target])));
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  });

  it("forgets a parked request whose client has left", async (t) => {
    let requests = 0;
    const app = await startApp(t, (_request, response) => {
      requests += 1;
      response.end("ok");
    });
    const gateway = await startGateway(t, tableOf(route([], { state: "parked" })));
    const client = rawClient(t, gateway.port, "GET / HTTP/1.1\r\nHost: hello.test\r\n\r\n");
    await eventually(() => gateway.routing.waiting === 1);
    client.socket.destroy();
    await eventually(() => gateway.routing.waiting === 0);
    gateway.routing.apply(tableOf(route([app.target])));
    await gateway.request("/");
    assert.equal(requests, 1);
  });
});

describe("several instances", () => {
  it("get the same share of equal requests, and none goes to one that left the table", async (t) => {
    const hits = [0, 0, 0];
    const apps = await Promise.all(
      hits.map((_, i) =>
        startApp(
          t,
          (_request, response) => {
            hits[i] = (hits[i] ?? 0) + 1;
            response.end();
          },
          `app-${i}`,
        ),
      ),
    );
    const targets = apps.map((app) => app.target);
    const gateway = await startGateway(t, tableOf(route(targets)));
    for (let i = 0; i < 30; i += 1) await gateway.request("/");
    assert.deepEqual(hits, [10, 10, 10]);
    gateway.routing.apply(tableOf(route(targets.slice(1))));
    for (let i = 0; i < 10; i += 1) await gateway.request("/");
    assert.equal(hits[0], 10);
  });

  it("are drained once their last request has ended, also after they left the table", async (t) => {
    let finish: () => void = () => {};
    const app = await startApp(t, (_request, response) => {
      finish = () => response.end("late");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    const { upstreams } = gateway.routing;
    assert.equal(await upstreams.drained("app-0", 1_000), true);
    const pending = gateway.request("/");
    await eventually(() => upstreams.outstandingOf("app-0") === 1);
    gateway.routing.apply(tableOf(route([], { state: "stopped" })));
    assert.equal(await upstreams.drained("app-0", 20), false);
    const drained = upstreams.drained("app-0", 5_000);
    finish();
    assert.equal(await drained, true);
    assert.equal(await (await pending).text(), "late");
  });

  it("are counted by service, status class and latency", async (t) => {
    const app = await startApp(t, (request, response) => response.writeHead(request.url === "/x" ? 404 : 200).end());
    const gateway = await startGateway(t, tableOf(route([app.target])));
    for (const path of ["/", "/", "/x"]) await gateway.request(path);
    const [counts] = gateway.counters.collect();
    assert.deepEqual(counts?.byStatusClass, [0, 0, 2, 0, 1, 0]);
    assert.equal(
      counts?.latencyBuckets.reduce((a, b) => a + b),
      3,
    );
    assert.deepEqual(gateway.counters.collect(), []);
  });
});
