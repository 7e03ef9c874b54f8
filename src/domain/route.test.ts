/** Promises of the matching order (design 2), by example and by random tables. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileTable, EMPTY_TABLE, hostnameOf, matchRoute, type RouteTable, type ServiceRoute } from "./route.ts";

function service(serviceId: string): ServiceRoute {
  return { serviceId, name: serviceId, projectSlug: "default", state: "ready", targets: [], timeoutMs: 1, parkMs: 1 };
}

const TABLE: RouteTable = {
  ...EMPTY_TABLE,
  services: [service("hello"), service("sum"), service("shop")],
  hosts: [["shop.test", "shop"]],
  labels: [
    ["hello", "hello"],
    ["sum", "sum"],
  ],
  paths: [
    ["/sum", "sum"],
    ["/sum/deep", "hello"],
  ],
};
const OPEN = compileTable(TABLE);
const BASED = compileTable({ ...TABLE, baseDomain: "example.com" });

function idOf(table: typeof OPEN, host: string, target = "/"): string {
  const match = matchRoute(table, host, target);
  return match.kind === "service" ? match.service.serviceId : match.kind;
}

describe("matching by host", () => {
  it("finds a custom domain whatever its case, port or trailing dot", () => {
    for (const host of ["shop.test", "SHOP.Test:8080", "shop.test.", "shop.test.:80"])
      assert.equal(idOf(OPEN, host), "shop");
  });

  it("finds a function by the first label of any host while no base domain is set", () => {
    for (const host of ["hello.localhost:8080", "hello.anything.example", "hello"])
      assert.equal(idOf(OPEN, host), "hello");
  });

  it("finds a function only below the base domain or localhost once one is set", () => {
    assert.equal(idOf(BASED, "hello.example.com"), "hello");
    assert.equal(idOf(BASED, "hello.localhost"), "hello");
    for (const host of ["hello.other.com", "hello", "hello.example.com.evil", "a.hello.example.com", "example.com"]) {
      assert.equal(idOf(BASED, host), "platform");
    }
  });

  it("takes addresses and unknown hosts for the platform's own", () => {
    for (const host of ["127.0.0.1:8080", "[::1]:8080", "", "nobody.test"]) assert.equal(idOf(OPEN, host), "platform");
  });

  it("reads the host of an IPv6 address with its brackets", () => {
    assert.equal(hostnameOf("[::1]:8080"), "[::1]");
    assert.equal(hostnameOf("[FE80::1]"), "[fe80::1]");
  });
});

describe("matching by path", () => {
  it("strips /funko/<name> and /faaso/<name>, and keeps the rest exactly", () => {
    for (const start of ["/funko/", "/faaso/"]) {
      assert.deepEqual(matchRoute(OPEN, "own", `${start}hello/a%2Fb//c?x=1&y=%20`), {
        kind: "service",
        service: TABLE.services[0],
        target: "/a%2Fb//c?x=1&y=%20",
        prefix: `${start}hello`,
        isSandboxed: true,
      });
    }
  });

  it("redirects /funko/<name> to /funko/<name>/ with its query", () => {
    assert.deepEqual(matchRoute(OPEN, "own", "/funko/hello?a=b"), {
      kind: "redirect",
      location: "/funko/hello/?a=b",
    });
  });

  it("takes a name with capitals for the lower-case one, as FaaSO's may have them", () => {
    const match = matchRoute(OPEN, "own", "/faaso/Hello/x");
    assert.partialDeepStrictEqual(match, { kind: "service", target: "/x", prefix: "/faaso/Hello" });
  });

  it("sandboxes what paths lead to, but on the host that is theirs, which no label or domain takes", () => {
    const table = compileTable({ ...TABLE, pathHost: "hello.example.com", baseDomain: "example.com" });
    const isSandboxed = (host: string, target: string) => {
      const match = matchRoute(table, host, target);
      return match.kind === "service" ? match.isSandboxed : match.kind;
    };
    for (const target of ["/funko/hello/", "/sum/1"]) {
      assert.equal(isSandboxed("example.com", target), true);
      assert.equal(isSandboxed("Hello.example.com:8080", target), false);
    }
    assert.equal(isSandboxed("hello.example.com", "/api/functions"), "platform");
    assert.equal(isSandboxed("sum.example.com", "/"), false);
  });

  it("names an unknown function, and leaves /funko/ alone to the platform", () => {
    assert.deepEqual(matchRoute(OPEN, "own", "/funko/nobody/x"), { kind: "unknown_function", name: "nobody" });
    assert.equal(matchRoute(OPEN, "own", "/funko/").kind, "platform");
    assert.equal(matchRoute(OPEN, "own", "/funko//evil.test").kind, "platform");
  });

  it("takes the longest whole segment of a path route", () => {
    const target = (path: string) => {
      const match = matchRoute(OPEN, "own", path);
      return match.kind === "service" ? [match.service.serviceId, match.target, match.prefix] : match.kind;
    };
    assert.deepEqual(target("/sum"), ["sum", "/", "/sum"]);
    assert.deepEqual(target("/sum?a=1"), ["sum", "/?a=1", "/sum"]);
    assert.deepEqual(target("/sum/x"), ["sum", "/x", "/sum"]);
    assert.deepEqual(target("/sum/deep/y/"), ["hello", "/y/", "/sum/deep"]);
    assert.equal(target("/summer"), "platform");
    assert.equal(target("/x/sum"), "platform");
  });

  it("never matches a path route on a function's own host", () => {
    assert.equal(idOf(OPEN, "hello.localhost", "/sum/1"), "hello");
    assert.equal(idOf(OPEN, "hello.localhost", "/api/projects"), "hello");
  });
});

const segment = fc.stringMatching(/^[a-z0-9%._-]{0,6}$/);
const path = fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
const query = fc.option(fc.stringMatching(/^[a-z0-9=&%/?]{0,12}$/)).map((text) => (text === null ? "" : `?${text}`));

describe("any table, any request", () => {
  it("loses no character: prefix and target together are what was sent", () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 5 }), path, query, (prefixes, sent, search) => {
        const paths = prefixes.filter((p) => !p.endsWith("/")).map((p) => [p, "sum"] as const);
        const match = matchRoute(compileTable({ ...TABLE, paths }), "own", sent + search);
        if (match.kind !== "service") return;
        assert.ok(match.target.startsWith("/"));
        const whole = match.prefix + match.target;
        assert.ok(whole === sent + search || whole === `${sent}/${search}`);
      }),
    );
  });

  it("finds the same path route as trying every prefix does", () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 6 }), path, (prefixes, sent) => {
        const known = prefixes.filter((p) => !p.endsWith("/") && !/^\/(funko|faaso)(\/|$)/.test(p));
        const table = compileTable({ ...EMPTY_TABLE, services: [service("s")], paths: known.map((p) => [p, "s"]) });
        const best = known
          .filter((p) => sent === p || sent.startsWith(`${p}/`))
          .sort((a, b) => b.length - a.length)
          .at(0);
        const match = matchRoute(table, "own", sent);
        if (/^\/(funko|faaso)\/./.test(sent)) return;
        assert.equal(match.kind === "service" ? match.prefix : undefined, best);
      }),
    );
  });

  it("looks up no more prefixes than the longest known one can have, however many slashes are sent", () => {
    let lookUps = 0;
    const table = compileTable(TABLE);
    const paths = new Map(table.paths);
    paths.get = () => {
      lookUps += 1;
      return undefined;
    };
    const counting = { ...table, paths };
    matchRoute(counting, "own", "/".repeat(60_000));
    assert.ok(lookUps <= table.longestPath, `${lookUps} look-ups`);
  });
});
