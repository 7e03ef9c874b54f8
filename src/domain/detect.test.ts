import assert from "node:assert/strict";
import { test } from "node:test";
import { detectRuntime } from "./detect.ts";

const runtimeOf = (paths: string[], packageJson?: string) => detectRuntime(paths, packageJson)?.runtime;

test("a Dockerfile wins over everything else", () => {
  assert.equal(runtimeOf(["Dockerfile", "index.html", "package.json"], '{"main":"x.js"}'), null);
});

test("a package.json with a start script, a main file or an index.js is node", () => {
  assert.equal(runtimeOf(["package.json"], '{"scripts":{"start":"node x"}}'), "node");
  assert.equal(runtimeOf(["package.json", "x.js"], '{"main":"x.js"}'), "node");
  assert.equal(runtimeOf(["package.json", "index.js"], "{}"), "node");
});

test("a package.json with nothing to run beside a page is a static site", () => {
  assert.equal(runtimeOf(["package.json", "index.html"], '{"devDependencies":{"x":"1"}}'), "static");
});

test("index.js alone is node, Python's usual files are python, a page is static", () => {
  assert.equal(runtimeOf(["index.js"]), "node");
  assert.equal(runtimeOf(["requirements.txt", "x/y.txt"]), "python");
  assert.equal(runtimeOf(["anything.py"]), "python");
  assert.equal(runtimeOf(["index.html", "style.css"]), "static");
});

test("what can't be told is undefined, a broken package.json included", () => {
  assert.equal(detectRuntime(["README.md"], undefined), undefined);
  assert.equal(detectRuntime(["package.json"], "{not json"), undefined);
  assert.equal(detectRuntime(["package.json"], "null"), undefined);
});

test("the reason names the file that decided", () => {
  assert.match(detectRuntime(["index.html"], undefined)?.reason ?? "", /index\.html/);
});
