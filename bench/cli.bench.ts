/** The start-up of the command line: what everybody waits for before every command. */

import assert from "node:assert/strict";
import { run } from "../src/lib/run.ts";
import { REPOSITORY } from "../test/e2e/command-line.ts";
import { ms, quantile, type Row } from "./table.ts";

const RUNS = 20;
const LIMIT_MS = 10_000;

export async function benchCli(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [args, goal] of [
    [["--version"], "≤ 80 ms"],
    [["help"], undefined],
    [["help", "deploy"], undefined],
  ] as const) {
    const times = await timesOf(args);
    const what = `slipway ${args.join(" ")} (p50 of ${RUNS})`;
    rows.push({ what, value: ms(quantile(times, 0.5)), ...(goal !== undefined && { goal }) });
  }
  return rows;
}

/** The first run, which fills the cache of compiled code, does not count. */
async function timesOf(args: readonly string[]): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n <= RUNS; n += 1) {
    const startedAt = performance.now();
    const { exitCode } = await run(`${REPOSITORY}/bin/slipway`, args, { timeoutMs: LIMIT_MS });
    times.push(performance.now() - startedAt);
    assert.equal(exitCode, 0);
  }
  return times.slice(1);
}
