import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { Progress } from "./progress.ts";

/** A terminal of that width, and what was written to it. */
function terminal(columns: number) {
  const written: string[] = [];
  const write = (chunk: Buffer, _: string, done: () => void): void => {
    written.push(chunk.toString());
    done();
  };
  return { written, stderr: Object.assign(new Writable({ write }), { isTTY: true, columns }) };
}

test("the spinner shows the elapsed time and never wraps, however narrow the terminal is", () => {
  let now = 0;
  for (const columns of [20, 60, 200]) {
    const { written, stderr } = terminal(columns);
    const progress = new Progress({ stderr, now: () => now, env: {} }, false);
    progress.step("uploading 12 files (3.4 MiB) as a-name-that-is-rather-long-for-a-function");
    now += 61_000;
    progress.lines("a line\n");
    progress.stop();
    const last = written.findLast((text) => text.includes("(1m1s)")) ?? "";
    const shown = last.slice(last.lastIndexOf("\u001b[K") + 3);
    assert.ok(shown.endsWith("(1m1s)") && shown.length < columns, `${columns}: ${shown}`);
  }
});
