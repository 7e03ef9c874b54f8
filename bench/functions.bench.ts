/** `slipway up` from folder to URL for each runtime, scaling out, and requests lost while built functions are deployed. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { done } from "../test/e2e/command-line.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { startLoad } from "../test/support/load.ts";
import { ms, quantile, type Row } from "./table.ts";

/** Runtime and the file of its template that is edited. */
const RUNTIMES = [
  ["node", "index.js"],
  ["express", "funko.js"],
  ["flask", "funko.py"],
  ["crystal", "funko.cr"],
] as const;
const RUNS = 5;
const DEPLOYS = 20;

export async function benchFunctions(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    const ups: Row[] = [];
    for (const [runtime, file] of RUNTIMES) ups.push(...(await timeUps(server, runtime, file)));
    return [...ups, await timeScale(server), await deploysUnderLoad(server)];
  } finally {
    await server.close();
  }
}

function folderOf(server: TestServer, runtime: string): string {
  return join(server.folder, "bench", `fn${runtime}`);
}

async function edit(path: string, n: number): Promise<void> {
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/Hello\w*/, `Hello${n}`));
}

async function timeUps(server: TestServer, runtime: string, file: string): Promise<readonly Row[]> {
  const folder = folderOf(server, runtime);
  await done(server, ["new", "-r", runtime, folder]);
  const up = async (): Promise<number> => {
    const startedAt = performance.now();
    await done(server, ["up", folder]);
    return performance.now() - startedAt;
  };
  const first = await up();
  const times: number[] = [];
  for (let n = 1; n <= RUNS; n += 1) {
    await edit(join(folder, file), n);
    times.push(await up());
  }
  return [
    { what: `up ${runtime}: folder → URL, the first time`, value: ms(first) },
    { what: `up ${runtime}: after an edit (p50 of ${RUNS})`, value: ms(quantile(times, 0.5)) },
  ];
}

async function timeScale(server: TestServer): Promise<Row> {
  const startedAt = performance.now();
  await done(server, ["scale", "fnnode", "10"]);
  const out = performance.now() - startedAt;
  await done(server, ["scale", "fnnode", "1"]);
  return { what: "scale node 1 → 10, all ready", value: ms(out) };
}

async function deploysUnderLoad(server: TestServer): Promise<Row> {
  const folder = folderOf(server, "node");
  const load = startLoad(server.port, "fnnode.localhost", { clients: 8, pauseMs: 2 });
  for (let n = 0; n < DEPLOYS; n += 1) {
    await edit(join(folder, "index.js"), 100 + n);
    await done(server, ["build", folder]);
    await done(server, ["deploy", "fnnode"]);
  }
  const { sent, lost, slowestMs } = await load.end();
  const count = Object.values(lost).reduce((sum, n) => sum + n, 0);
  return {
    what: `requests lost in ${DEPLOYS} × build and deploy`,
    value: `${count} of ${sent}, slowest ${ms(slowestMs)}${count === 0 ? "" : ` ${JSON.stringify(lost)}`}`,
    goal: "0",
  };
}
