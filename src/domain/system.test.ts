import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions, VERSION_PATTERN } from "./system.ts";

test("versions are in the order of semver.org, each pair in both directions", () => {
  const ascending = [
    ...["0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"],
    ...["1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "10.0.0"],
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries())
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
  }
});

test("a leading v and a build do not count", () => {
  assert.equal(compareVersions("v1.2.3", "1.2.3"), 0);
  assert.equal(compareVersions("1.2.3+build.5", "1.2.3"), 0);
});

test("what is no version is told from one", () => {
  for (const text of ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+a"]) assert.match(text, VERSION_PATTERN);
  for (const text of ["", "1", "1.2", "1.2.3.4", "1.2.3-", "1.2.x", "../1.2.3", "1.2.3 ", "1.2.3/.."])
    assert.doesNotMatch(text, VERSION_PATTERN);
});
