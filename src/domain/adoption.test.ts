import assert from "node:assert/strict";
import { test } from "node:test";
import { adoptedFunctions, adoptedName } from "./adoption.ts";

test("only names of the convention are functions", () => {
  const nameOf = (text: string) => adoptedName(text, ["proxy", "api"]);
  for (const [text, name] of [
    ["faaso-whatever", "whatever"],
    ["faaso-whatever-1", "whatever"],
    ["faaso-whatever-a-b", "whatever"],
    ["faaso-Hello2-x", "hello2"],
  ] as const)
    assert.equal(nameOf(text), name);
  for (const text of ["faaso-", "faaso--1", "faaso-proxy", "faaso-proxy-1", "faaso-api", "faaso-127", "database"])
    assert.equal(nameOf(text), undefined, text);
  for (const text of ["x-faaso-a", "faaso-a_b", `faaso-${"a".repeat(64)}`]) assert.equal(nameOf(text), undefined, text);
});

test("containers of one name are one function, in the order of their names", () => {
  const container = (name: string) => ({ id: name, name, address: "10.0.0.1", startedAt: null });
  const functions = adoptedFunctions(["faaso-b-2", "faaso-b-1", "faaso-a", "other"].map(container), []);
  assert.deepEqual(
    functions.map(({ name, instances }) => [name, instances.map((i) => i.name)]),
    [
      ["a", ["faaso-a"]],
      ["b", ["faaso-b-1", "faaso-b-2"]],
    ],
  );
});
