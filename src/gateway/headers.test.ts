/** What passes in each direction, header by header. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RequestHeaderContext, requestHeaders, responseHeaders, sentForwarded, trailerPairs } from "./headers.ts";

const CONTEXT: RequestHeaderContext = {
  peer: { address: "9.9.9.9", isTrusted: false },
  host: "a.test:80",
  requestId: "id-1",
  prefix: "",
  keepsUnusual: false,
  isOurCredential: (authorization) => authorization === "ours",
};

function sent(raw: string[], context: Partial<RequestHeaderContext> = {}): Record<string, string> {
  const headers = requestHeaders(raw, { ...CONTEXT, ...context });
  return Object.fromEntries(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? ""]] : [])));
}

const OURS = { "X-Forwarded-For": "9.9.9.9", "X-Forwarded-Host": "a.test:80", "X-Forwarded-Proto": "http" };

describe("headers to an upstream", () => {
  it("keep name, case, order and repetition of what is the app's own", () => {
    const raw = ["B", "1", "a", "2", "B", "3"];
    assert.deepEqual(requestHeaders(raw, CONTEXT).slice(0, 6), raw);
  });

  it("lose what concerns one connection, also what Connection names, but never host and length", () => {
    const raw = ["Connection", "X-Hop, Host, content-length", "Keep-Alive", "1", "X-Hop", "1", "Upgrade", "h2c"];
    assert.deepEqual(sent([...raw, "TE", "gzip, trailers", "Host", "h", "Content-Length", "3"]), {
      TE: "trailers",
      Host: "h",
      "Content-Length": "3",
      ...OURS,
      "X-Request-Id": "id-1",
    });
  });

  it("replace a stranger's claims and add to a trusted proxy's", () => {
    const raw = ["X-Forwarded-For", "1.1.1.1", "x-forwarded-proto", "https", "Forwarded", "for=1", "X-Real-IP", "1"];
    assert.deepEqual(sent(raw, { prefix: "/funko/f" }), {
      ...OURS,
      "X-Forwarded-Prefix": "/funko/f",
      "X-Request-Id": "id-1",
    });
    const trusted = sent(raw, { peer: { address: "9.9.9.9", isTrusted: true } });
    assert.equal(trusted["X-Forwarded-For"], "1.1.1.1, 9.9.9.9");
    assert.equal(trusted["x-forwarded-proto"], "https");
    assert.equal(trusted["X-Forwarded-Proto"], undefined);
  });

  it("never hold a client's X-Slipway-… or claims spelled with underscores", () => {
    const raw = [
      "X-Slipway-Peer",
      "1",
      "x_slipway_peer",
      "1",
      "X_Forwarded_For",
      "1",
      "X_Request-Id",
      "1",
      "my_own",
      "1",
    ];
    assert.deepEqual(sent(raw), { my_own: "1", ...OURS, "X-Request-Id": "id-1" });
  });

  it("lose our credential and keep any other", () => {
    assert.equal(sent(["Authorization", "ours"]).Authorization, undefined);
    assert.equal(sent(["Authorization", "theirs"]).Authorization, "theirs");
    assert.equal(sent(["Authorization", "ours"], { isOurCredential: undefined }).Authorization, "ours");
  });

  it("tell whether the client spoke of a proxy before it", () => {
    for (const name of ["Forwarded", "x-forwarded-for", "X_Forwarded_Host"]) assert.ok(sentForwarded([name, "1"]));
    assert.ok(!sentForwarded(["Host", "a", "X-Request-Id", "1"]));
  });
});

describe("headers to a client", () => {
  const context = { closes: false, canTrail: false, isSandboxed: false };

  it("lose what concerns one connection and keep the rest", () => {
    const raw = [
      "Connection",
      "close, X-Hop",
      "X-Hop",
      "1",
      "Transfer-Encoding",
      "chunked",
      "Set-Cookie",
      "a",
      "Trailer",
      "x",
    ];
    assert.deepEqual(responseHeaders(raw, context), ["Set-Cookie", "a"]);
    assert.deepEqual(responseHeaders(raw, { ...context, canTrail: true }), ["Set-Cookie", "a", "Trailer", "x"]);
  });

  it("add a sandbox besides the app's own policy, and close when asked to", () => {
    const out = responseHeaders(["Content-Security-Policy", "default-src 'self'"], {
      closes: true,
      canTrail: false,
      isSandboxed: true,
    });
    assert.equal(out.filter((part) => part === "Content-Security-Policy").length, 2);
    assert.deepEqual(out.slice(-2), ["Connection", "close"]);
  });
});

describe("trailers", () => {
  it("pass, but for what was checked, set or dropped in the head", () => {
    const raw = ["X-Sum", "1", "authorization", "slw_a", "X-Forwarded-For", "1.1.1.1", "X_Forwarded_For", "1.1.1.1"];
    const more = ["X-Slipway-Peer", "1", "Content-Length", "7", "Host", "b", "Connection", "x", "Server-Timing", "2"];
    assert.deepEqual(trailerPairs([...raw, ...more]), [
      ["X-Sum", "1"],
      ["Server-Timing", "2"],
    ]);
  });
});
