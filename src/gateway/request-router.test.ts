/** What a request may bring and what it may not, by the way it takes: to a function or to the platform itself. */

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { route, startApp, startGateway, tableOf } from "../../test/gateway/in-process.ts";

describe("credentials and prefixes", () => {
  it("strips Slipway's credentials for functions and keeps the app's own", async (t) => {
    const app = await startApp(t, (request, response) => {
      response.end(request.headers.authorization ?? "none");
    });
    const gateway = await startGateway(t, tableOf(route([app.target])));
    gateway.credentials.setPasskeyHash(hash("sha256", "the-passkey", "hex"));
    const seen = async (authorization: string) => (await gateway.request("/", { headers: { authorization } })).text();
    for (const ours of ["Bearer slw_abc", "bearer  slw_abc", "slw_abc", "the-passkey", "Bearer the-passkey"]) {
      assert.equal(await seen(ours), "none", ours);
    }
    for (const theirs of ["Bearer abc", "Basic YTpi", "another-key"]) assert.equal(await seen(theirs), theirs);
  });

  it("sandboxes pages under a path route of the platform's own host, and only those", async (t) => {
    const app = await startApp(t, (request, response) => {
      if (request.url === "/own") response.setHeader("access-control-allow-origin", "https://x.test");
      response.end(request.headers["x-forwarded-prefix"] ?? "none");
    });
    const gateway = await startGateway(t, tableOf(route([app.target]), { paths: [["/sum", "hello"]] }));
    const own = (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`);
    for (const [path, prefix] of [
      ["/funko/hello/x", "/funko/hello"],
      ["/sum/x", "/sum"],
    ] as const) {
      const answer = await own(path);
      assert.equal(
        answer.headers.get("content-security-policy"),
        "sandbox allow-scripts allow-forms allow-popups allow-modals",
      );
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
      assert.equal(await answer.text(), prefix);
    }
    assert.equal((await own("/sum/own")).headers.get("access-control-allow-origin"), "https://x.test");
    assert.equal((await gateway.request("/x")).headers.get("content-security-policy"), null);
    assert.equal((await own("/funko/nobody/")).status, 404);
    const redirect = await fetch(`http://127.0.0.1:${gateway.port}/funko/hello?a=1`, { redirect: "manual" });
    assert.equal(redirect.status, 308);
    assert.equal(redirect.headers.get("location"), "/funko/hello/?a=1");
  });
});

describe("the platform's own requests", () => {
  it("go to control with the peer's address, and wait while control is away", async (t) => {
    const gateway = await startGateway(t);
    const pending = fetch(`http://127.0.0.1:${gateway.port}/api/x`, {
      headers: { "x-slipway-peer": "9.9.9.9", "x-forwarded-for": "8.8.8.8", authorization: "Bearer slw_a" },
    });
    const control = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    t.after(() => control.close());
    control.listen(gateway.controlSocket);
    const seen = (await (await pending).json()) as Record<string, string>;
    assert.equal(seen["x-slipway-peer"], "127.0.0.1");
    assert.equal(seen["x-slipway-forwarded"], "1");
    assert.equal(seen["x-forwarded-for"], "127.0.0.1");
    assert.equal(seen.authorization, "Bearer slw_a");
  });

  it("are answered 503 when control stays away", async (t) => {
    const gateway = await startGateway(t, undefined, { awayMs: 50 });
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/x`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as Record<string, string>).error, "unavailable");
  });
});
