/** `slipway dev`: from a save to the new answer, for runtimes that take changed files. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { BIN, LocalWorkbench, textAt } from "../test/e2e/local-workbench.ts";
import { ms, quantile, type Row } from "./table.ts";

/** Runtime and the file of its template that is edited. */
const RUNTIMES = [
  ["node", "index.js"],
  ["python", "handle.py"],
] as const;
const RUNS = 10;
const POLL_MS = 10;
const LIMIT_MS = 60_000;

export async function benchDev(): Promise<readonly Row[]> {
  await using bench = await LocalWorkbench.open();
  const rows: Row[] = [];
  for (const [runtime, file] of RUNTIMES) rows.push(...(await timeSaves(bench, runtime, file)));
  return rows;
}

async function timeSaves(bench: LocalWorkbench, runtime: string, file: string): Promise<readonly Row[]> {
  const name = bench.name(runtime);
  await bench.done("new", "-r", runtime, name);
  const folder = join(bench.home, name);
  const child = spawn(BIN, ["dev", folder, "--json"], { env: bench.env, stdio: ["ignore", "pipe", "ignore"] });
  try {
    const url = await readyUrl(child);
    const times: number[] = [];
    for (let n = 0; n < RUNS; n += 1) times.push(await timeToAnswer(join(folder, file), url, `Hello${n}`));
    return [
      {
        what: `dev ${runtime}: saved → new answer (p50 of ${RUNS})`,
        value: ms(quantile(times, 0.5)),
        goal: "≤ 1000 ms",
      },
      { what: "the same, slowest", value: ms(Math.max(...times)) },
    ];
  } finally {
    const closed = once(child, "close");
    child.kill("SIGINT");
    await closed;
  }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("its standard output is a pipe");
  for await (const line of createInterface(child.stdout)) {
    const event = JSON.parse(line) as { readonly event: string; readonly url?: string };
    if (event.event !== "ready" || event.url === undefined) continue;
    child.stdout.resume();
    return event.url;
  }
  throw new Error("slipway dev ended before it was ready");
}

async function timeToAnswer(path: string, url: string, word: string): Promise<number> {
  const text = await readFile(path, "utf8");
  const startedAt = performance.now();
  await writeFile(path, text.replace(/Hello\w*/, word));
  while (!(await textAt(url))?.includes(word)) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`${word} was not answered within a minute`);
    await wait(POLL_MS);
  }
  return performance.now() - startedAt;
}
