/** What the guard refuses and what it lets pass, each as a head a client could send. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectHead, type RawRequest } from "./request-guard.ts";

function request(overrides: Partial<RawRequest>): RawRequest {
  return { method: "GET", url: "/", httpVersion: "1.1", rawHeaders: ["Host", "a.test"], ...overrides };
}

function refused(overrides: Partial<RawRequest>): boolean {
  return !inspectHead(request(overrides)).isAllowed;
}

describe("request guard", () => {
  it("refuses two Host headers, also when they agree", () => {
    assert.ok(refused({ rawHeaders: ["Host", "a.test", "hOST", "a.test"] }));
  });

  it("refuses a missing Host, but for HTTP/1.0", () => {
    assert.ok(refused({ rawHeaders: [] }));
    assert.ok(!refused({ rawHeaders: [], httpVersion: "1.0" }));
  });

  it("refuses a Host that is no host", () => {
    for (const host of ["a b", "", "a,b", "a@b", "a/b", "a:b", "a:123456", "[::1", "a%2eb", "ä"]) {
      assert.ok(refused({ rawHeaders: ["Host", host] }), host);
    }
  });

  it("accepts names, addresses and ports", () => {
    for (const host of ["a", "a_b.test", "a.test.:80", "127.0.0.1:8080", "[::1]:8080", "[fe80::1]"]) {
      assert.ok(!refused({ rawHeaders: ["host", host] }), host);
    }
  });

  it("refuses an absolute target of another host and makes one of the same host relative", () => {
    assert.ok(refused({ url: "http://b.test/" }));
    assert.ok(refused({ url: "http://a.test@b.test/" }));
    assert.ok(refused({ url: "ftp://a.test/" }));
    const verdict = inspectHead(request({ url: "HTTP://A.test?x=1" }));
    assert.equal(verdict.isAllowed && verdict.head.target, "/?x=1");
  });

  it("refuses Transfer-Encoding in HTTP/1.0, with a length, twice, or other than chunked", () => {
    const chunked = ["Host", "a.test", "Transfer-Encoding", "chunked"];
    assert.ok(refused({ httpVersion: "1.0", rawHeaders: chunked }));
    assert.ok(refused({ rawHeaders: [...chunked, "Content-Length", "3"] }));
    assert.ok(refused({ rawHeaders: [...chunked, "Transfer-Encoding", "chunked"] }));
    assert.ok(refused({ rawHeaders: ["Host", "a.test", "Transfer-Encoding", "gzip, chunked"] }));
    assert.ok(!refused({ rawHeaders: chunked }));
  });

  it("refuses two lengths, fragments, and targets that are neither path nor *", () => {
    assert.ok(refused({ rawHeaders: ["Host", "a.test", "Content-Length", "3", "Content-Length", "3"] }));
    assert.ok(refused({ url: "/x#y" }));
    assert.ok(refused({ url: "x" }));
    assert.ok(refused({ url: "*" }));
    assert.ok(!refused({ url: "*", method: "OPTIONS" }));
  });

  it("tells whether a body comes and whether the request is unusual", () => {
    const head = (...more: string[]) => {
      const verdict = inspectHead(request({ rawHeaders: ["Host", "a.test", ...more] }));
      assert.ok(verdict.isAllowed);
      return verdict.head;
    };
    assert.equal(head().hasBody, false);
    assert.equal(head("Content-Length", "0").hasBody, false);
    assert.equal(head("content-length", "5").hasBody, true);
    assert.deepEqual(head("Transfer-Encoding", "Chunked").isChunked, true);
    assert.equal(head("Trailer", "x").isUnusual, true);
    assert.equal(head("Expect", "100-continue").isUnusual, true);
  });
});
