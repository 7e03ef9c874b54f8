import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeArgv } from "./normalize-argv.ts";

test("the seeds' one-dash flags of the server become two-dash ones, with a value beside or behind =", () => {
  assert.deepEqual(normalizeArgv(["server", "-addr", ":80", "-log-level=debug", "-db", "x.db"]), [
    "server",
    "--addr",
    ":80",
    "--log-level=debug",
    "--db",
    "x.db",
  ]);
  assert.deepEqual(normalizeArgv(["--json", "server", "-reconcile-interval", "30s", "-cors-origin", "*"]), [
    "--json",
    "server",
    "--reconcile-interval",
    "30s",
    "--cors-origin",
    "*",
  ]);
});

test("nothing else is touched: other commands, unknown flags, two-dash flags, values", () => {
  for (const argv of [[], ["logs", "hello", "-addr"], ["server", "-x", "--addr", ":80", "addr", "-"]]) {
    assert.deepEqual(normalizeArgv(argv), argv);
  }
});
