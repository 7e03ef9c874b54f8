import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreRules } from "./ignore-rules.ts";

/** Rules, path → ignored. */
const CASES: readonly (readonly [rules: string, path: string, isIgnored: boolean])[] = [
  ["*.log", "a.log", true],
  ["*.log", "sub/a.log", false],
  ["**/*.log", "a.log", true],
  ["**/*.log", "sub/deep/a.log", true],
  ["dist", "dist/a/b.js", true],
  ["dist", "dist2", false],
  ["/dist/", "dist", true],
  ["./dist", "dist", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["[ab].txt", "b.txt", true],
  ["[!ab].txt", "b.txt", false],
  ["[!ab].txt", "c.txt", true],
  ["a.c", "abc", false],
  ["a\\*c", "a*c", true],
  ["a\\*c", "abc", false],
  ["# dist", "# dist", false],
  ["dist\n!dist/keep.js", "dist/keep.js", false],
  ["dist\n!dist/keep.js", "dist/other.js", true],
  ["!a\na", "a", true],
  ["sub/**/x", "sub/x", true],
  ["sub/**/x", "sub/a/b/x", true],
  ["data/**", "data/x/y", true],
  ["a+(b){c}", "a+(b){c}", true],
  ["é*", "été", true],
];

test("paths are ignored as Docker's own rules say", () => {
  for (const [rules, path, isIgnored] of CASES) {
    assert.equal(parseIgnoreRules(rules).isIgnored(path, false), isIgnored, `${JSON.stringify(rules)} on ${path}`);
  }
});

test("what no rule names stays as it was", () => {
  assert.equal(parseIgnoreRules("x\n!y").isIgnored("z", true), true);
  assert.equal(parseIgnoreRules("x\n!y").isIgnored("y", true), false);
});
