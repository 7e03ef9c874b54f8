/** What `slipway dev` makes of a change. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { changeBetween, joinChanges, planChange } from "./local-dev-plan.ts";

const RELOAD = { folder: "/app", rebuildOn: ["package.json", "src/*.ts"] };

test("a change names what is new, other or gone, and is none when nothing is", () => {
  const before = new Map(Object.entries({ a: "1", b: "1", c: "1" }));
  const after = new Map(Object.entries({ c: "1", b: "2", d: "1" }));
  assert.deepEqual(changeBetween(before, after), { changed: ["b", "d"], deleted: ["a"] });
  assert.equal(changeBetween(before, new Map(before)), undefined);
});

test("two changes are one: what came back is changed, what went again is deleted", () => {
  const first = { changed: ["a", "b"], deleted: ["c"] };
  const second = { changed: ["c"], deleted: ["a"] };
  assert.deepEqual(joinChanges(first, second), { changed: ["b", "c"], deleted: ["a"] });
});

test("a source file is reloaded; what the image is made from is rebuilt", () => {
  assert.equal(planChange({ changed: ["index.js", "lib/package.json"], deleted: [] }, RELOAD), "reload");
  for (const path of ["package.json", "src/a.ts", "slipway.yml", "funko.yml", "Dockerfile", ".slipwayignore"]) {
    assert.equal(planChange({ changed: ["index.js", path], deleted: [] }, RELOAD), "rebuild", path);
    assert.equal(planChange({ changed: [], deleted: [path] }, RELOAD), "rebuild", path);
  }
});

test("without a runtime that reloads, everything is rebuilt", () => {
  assert.equal(planChange({ changed: ["index.js"], deleted: [] }, null), "rebuild");
});
