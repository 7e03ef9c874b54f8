/** Runs the benchmarks that are named (all, when none is) and prints a table for each. */

import { availableParallelism, cpus, totalmem } from "node:os";
import { benchCanvas } from "./canvas.bench.ts";
import { benchCli } from "./cli.bench.ts";
import { benchDeploy } from "./deploy.bench.ts";
import { benchDev } from "./dev.bench.ts";
import { benchFunctions } from "./functions.bench.ts";
import { benchGateway } from "./gateway.bench.ts";
import { benchLogs } from "./logs.bench.ts";
import { benchProjects } from "./projects.bench.ts";
import { benchReconcile } from "./reconcile.bench.ts";
import { benchStart } from "./start.bench.ts";
import { benchSurvival } from "./survival.bench.ts";
import { printTable, type Row } from "./table.ts";

const BENCHES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  deploy: benchDeploy,
  functions: benchFunctions,
  dev: benchDev,
  cli: benchCli,
  survival: benchSurvival,
  gateway: benchGateway,
  start: benchStart,
  projects: benchProjects,
  canvas: benchCanvas,
  logs: benchLogs,
  reconcile: benchReconcile,
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
console.log(
  `${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}, ${new Date().toISOString()}`,
);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (named.length === 0 || named.includes(name)) printTable(name, await bench());
}
