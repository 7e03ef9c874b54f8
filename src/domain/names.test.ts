import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAppError } from "./errors.ts";
import {
  normalizeImageTag,
  requireProjectSlug,
  requireRuntimeName,
  requireServiceName,
  routeNameOf,
  suggestName,
} from "./names.ts";

function isRefused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (!isAppError(error, "invalid")) throw error;
    return true;
  }
}

test("a service's name is a DNS label with a letter, and none of the platform's", () => {
  for (const name of ["a", "my-api", "v2", "0x", "x".repeat(63)])
    assert.ok(!isRefused(() => requireServiceName(name)), name);
  for (const name of ["", "-a", "a-", "A", "a_b", "a.b", "a b", "é", "123", "admin", "www", "x".repeat(64)])
    assert.ok(
      isRefused(() => requireServiceName(name)),
      name,
    );
});

test("a suggested name is allowed, or empty", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const suggestion = suggestName(name);
      return suggestion === "" || /^[0-9]+$/.test(suggestion) || !isRefused(() => requireServiceName(suggestion, []));
    }),
  );
});

test("a route name is the service's own in project default, else with the project's slug", () => {
  assert.equal(routeNameOf("api", "default"), "api");
  assert.equal(routeNameOf("api", "shop"), "api-shop");
});

test("an image tag gets :latest where it names no version, and must be one the engine takes", () => {
  assert.equal(normalizeImageTag("my-api"), "my-api:latest");
  assert.equal(normalizeImageTag("team/my-api:1.2"), "team/my-api:1.2");
  for (const tag of ["", "My-Api", "a b", ":1", "a:", "a:b:c", "../a", "a//b", "-a", `a:${"x".repeat(129)}`])
    assert.ok(
      isRefused(() => normalizeImageTag(tag)),
      tag,
    );
});

test("names of runtimes and projects can't leave their folder or host name", () => {
  for (const name of ["node", "python3.11", "my_rt"]) assert.ok(!isRefused(() => requireRuntimeName(name)), name);
  for (const name of ["", "..", "a..b", ".hidden", "a/b", "a\0", "x".repeat(64)])
    assert.ok(
      isRefused(() => requireRuntimeName(name)),
      name,
    );
  assert.ok(!isRefused(() => requireProjectSlug("x".repeat(47))));
  assert.ok(isRefused(() => requireProjectSlug("x".repeat(48))));
});
