import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreFile } from "./ignore-patterns.ts";

const PATHS = [
  ".dockerignore",
  ".env",
  "Dockerfile",
  "a.log",
  "docs/a.md",
  "docs/keep.md",
  "node_modules/x/index.js",
  "src/a.log",
  "src/b.js",
];

function kept(text: string): readonly string[] {
  const isIgnored = parseIgnoreFile(text);
  return PATHS.filter((path) => !isIgnored(path) && path !== "Dockerfile" && path !== ".dockerignore");
}

test("an empty file ignores nothing, comments and blank lines are skipped", () => {
  assert.equal(kept("").length, PATHS.length - 2);
  assert.equal(kept("# docs\n\n  \n").length, PATHS.length - 2);
});

test("a folder's name leaves out all in it, also with slashes around it", () => {
  for (const text of ["node_modules", "/node_modules/", "./node_modules"]) {
    assert.ok(!kept(text).includes("node_modules/x/index.js"), text);
  }
});

test("a star stays within a folder, two stars cross folders", () => {
  assert.deepEqual(PATHS.filter(parseIgnoreFile("*.log")), ["a.log"]);
  assert.deepEqual(PATHS.filter(parseIgnoreFile("**/*.log")), ["a.log", "src/a.log"]);
  assert.deepEqual(PATHS.filter(parseIgnoreFile("docs/**")), ["docs/a.md", "docs/keep.md"]);
  assert.deepEqual(PATHS.filter(parseIgnoreFile("src/?.js")), ["src/b.js"]);
});

test("the last pattern that matches decides", () => {
  assert.deepEqual(PATHS.filter(parseIgnoreFile("docs\n!docs/keep.md")), ["docs/a.md"]);
  assert.deepEqual(PATHS.filter(parseIgnoreFile("!docs/keep.md\ndocs")), ["docs/a.md", "docs/keep.md"]);
});

test("the Dockerfile and the ignore file itself are always kept", () => {
  const isIgnored = parseIgnoreFile("*\n**");
  assert.ok(!isIgnored("Dockerfile"));
  assert.ok(!isIgnored(".dockerignore"));
  assert.ok(isIgnored("src/b.js"));
});

test("characters that mean something in a regular expression stand for themselves", () => {
  const isIgnored = parseIgnoreFile("a+b(c).txt\nd\\*e");
  assert.ok(isIgnored("a+b(c).txt"));
  assert.ok(!isIgnored("aab(c)xtxt"));
  assert.ok(isIgnored("d*e"));
  assert.ok(!isIgnored("dxe"));
});
