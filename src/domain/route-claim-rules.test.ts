import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError, isAppError } from "./errors.ts";
import { PLATFORM_PATHS, routeClaimOf } from "./route-claim-rules.ts";

const OWN = ["slipway.example.com", "localhost"];

function claim(kind: "host" | "path", text: string): string {
  return routeClaimOf(kind, text, "routes[0]", OWN).value;
}

test("hosts and paths get the form they are matched in", () => {
  assert.equal(claim("host", "Hello.Example.COM."), "hello.example.com");
  assert.equal(claim("host", "xn--bcher-kva.example"), "xn--bcher-kva.example");
  assert.equal(claim("path", "/sum"), "/sum");
  assert.equal(claim("path", "/tools/sum//"), "/tools/sum");
  assert.equal(claim("path", "/apis"), "/apis");
  assert.equal(claim("path", "/..."), "/...");
});

test("what is no host or no path is invalid, what is the platform's own is a conflict", () => {
  for (const [kind, text, code] of [
    ["host", "", "invalid"],
    ["host", "hello", "invalid"],
    ["host", "*.example.com", "invalid"],
    ["host", "a..b", "invalid"],
    ["host", "-a.b", "invalid"],
    ["host", "a_b.c", "invalid"],
    ["host", "a.b:80", "invalid"],
    ["host", "a.b/c", "invalid"],
    ["host", "bücher.example", "invalid"],
    ["host", "127.0.0.1", "invalid"],
    ["host", `${"a".repeat(64)}.b`, "invalid"],
    ["host", `${"a.".repeat(127)}b`, "invalid"],
    ["host", "SLIPWAY.example.com", "conflict"],
    ["host", "hello.localhost", "conflict"],
    ["path", "", "invalid"],
    ["path", "/", "invalid"],
    ["path", "sum", "invalid"],
    ["path", "//sum", "invalid"],
    ["path", "/a//b", "invalid"],
    ["path", "/a/../b", "invalid"],
    ["path", "/.", "invalid"],
    ["path", "/a%2fb", "invalid"],
    ["path", "/a?b", "invalid"],
    ["path", "/a b", "invalid"],
    ["path", "/api", "conflict"],
    ["path", "/funko/hello", "conflict"],
    ["path", "/healthz/", "conflict"],
  ] as const) {
    assert.throws(
      () => claim(kind, text),
      (error) => {
        assert.ok(error instanceof AppError && error.code === code, `${kind} ${text}: ${String(error)}`);
        assert.deepEqual(Object.keys(error.fields ?? {}), [`routes[0].${kind}`]);
        return true;
      },
    );
  }
});

const hostText = fc.oneof(fc.domain(), fc.string(), fc.stringMatching(/^[a-zA-Z0-9.-]{1,30}$/));
const pathText = fc.oneof(
  fc.webPath(),
  fc.string(),
  fc.array(fc.constantFrom("", ".", "..", "a", "B", "api", "sum")).map((parts) => `/${parts.join("/")}`),
);

test("a claim that was taken is taken again as it is, and can't be mistaken for the platform's", () => {
  const asked = fc.oneof(
    fc.tuple(fc.constant("host" as const), hostText),
    fc.tuple(fc.constant("path" as const), pathText),
  );
  fc.assert(
    fc.property(asked, ([kind, text]) => {
      let value: string;
      try {
        value = claim(kind, text);
      } catch (error) {
        assert.ok(isAppError(error, "invalid") || isAppError(error, "conflict"), String(error));
        return;
      }
      assert.equal(claim(kind, value), value);
      if (kind === "host") {
        assert.match(value, /^[a-z0-9.-]+$/);
        assert.ok(!OWN.includes(value) && !value.endsWith(".") && value.includes("."));
        return;
      }
      assert.equal(new URL(value, "http://x").pathname, value, "a URL has it as it is");
      assert.ok(value.startsWith("/") && !value.endsWith("/") && !value.includes("//"));
      assert.ok(!PLATFORM_PATHS.includes(value.split("/")[1] ?? ""));
    }),
    { numRuns: 2000 },
  );
});
