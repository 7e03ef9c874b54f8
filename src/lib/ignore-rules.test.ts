import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreRules } from "./ignore-rules.ts";

/** Rules, path → ignored. */
const CASES: readonly (readonly [rules: string, path: string, isIgnored: boolean])[] = [
  ["", "a", false],
  ["# docs\n\n  \n", "docs", false],
  ["# dist", "# dist", false],
  [" #x", "#x", true],
  ["\ufeffdist\r\nsrc", "dist/a", true],
  ["*.log", "a.log", true],
  ["*.log", "sub/a.log", false],
  ["**/*.log", "a.log", true],
  ["**/*.log", "sub/deep/a.log", true],
  ["dist", "dist/a/b.js", true],
  ["dist", "dist/", true],
  ["dist", "dist2", false],
  ["/dist/", "dist", true],
  ["./dist", "dist", true],
  ["sub/../dist", "dist", true],
  ["../dist", "dist", false],
  ["node_modules", "node_modules/x/index.js", true],
  ["node_modules", "sub/node_modules/x", false],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["src/?.js", "src/b.js", true],
  ["[ab].txt", "b.txt", true],
  ["[!ab].txt", "b.txt", false],
  ["[!ab].txt", "c.txt", true],
  ["[^ab].txt", "a.txt", false],
  ["[^ab]c", "/c", false],
  ["[a-c0-9]x", "bx", true],
  ["[a-c0-9]x", "dx", false],
  ["[a-]x", "-x", true],
  ["[]a]x", "]x", true],
  ["[a\\]]x", "]x", true],
  ["[ab", "[ab", true],
  ["[]", "[]", true],
  ["a.c", "abc", false],
  ["a\\*c", "a*c", true],
  ["a\\*c", "abc", false],
  ["d\\*e", "dxe", false],
  ["a+b(c).txt", "a+b(c).txt", true],
  ["a+b(c).txt", "aab(c)xtxt", false],
  ["a+(b){c}", "a+(b){c}", true],
  ["é*", "été", true],
  ["?x", "😀x", true],
  ["dist\n!dist/keep.js", "dist/keep.js", false],
  ["dist\n!dist/keep.js", "dist/other.js", true],
  ["!dist/keep.js\ndist", "dist/keep.js", true],
  ["!a\na", "a", true],
  ["sub/**/x", "sub/x", true],
  ["sub/**/x", "sub/a/b/x", true],
  ["sub/**/x", "sub/a/b/y", false],
  ["**/a/**/b", "x/a/y/a/z/b", true],
  ["data/**", "data/x/y", true],
  ["data/**", "data", false],
  ["**", "any/thing", true],
  ["*a*b*", "xaxbx", true],
  ["*a*b*", "xbxax", false],
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

test("rules that take something back are told", () => {
  assert.equal(parseIgnoreRules("x\n!x/y").hasExceptions, true);
  assert.equal(parseIgnoreRules("x").hasExceptions, false);
});

test("a rule made to take forever is matched in a few steps", { timeout: 10_000 }, () => {
  const names = `${"*a".repeat(200)}b`;
  assert.equal(parseIgnoreRules(names).isIgnored("a".repeat(2000), false), false);
  const folders = `${"**/a/".repeat(100)}b`;
  assert.equal(parseIgnoreRules(folders).isIgnored(`${"a/".repeat(500)}a`, false), false);
});
