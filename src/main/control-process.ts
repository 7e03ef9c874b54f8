/** The control process: started by the holder, restarted by it when it ends. */

import pino from "pino";
import { isAppError } from "../domain/errors.ts";
import type { GatewayProblem } from "../gateway/gateway-link.ts";
import { HolderLink } from "../gateway/holder-link.ts";
import { HOLDER_ID } from "../gateway/worker-env.ts";
import { createHeapTrimmer } from "../lib/heap-trimmer.ts";
import { readConfig } from "./config.ts";
import { startControl } from "./control.ts";
import { configInput, FLAGS_ENV, SETUP_TOKEN_ENV } from "./server.ts";
import { VERSION } from "./version.ts";

const config = readConfig(configInput(JSON.parse(process.env[FLAGS_ENV] ?? "{}"), process.env));
const logger = pino(
  { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination({ dest: 1, sync: true }),
);
const holder = await HolderLink.open();

/** Between two looks at whether there is memory to give back, in milliseconds. */
const TRIM_LOOK_MS = 1_000;

const closedPorts = new Set<number>();

function takeProblem(problem: GatewayProblem): void {
  switch (problem.kind) {
    case "address_in_use":
      holder.fatal(
        `the address ${problem.address} is in use by another program. Stop that, or choose another one with --addr (SLIPWAY_ADDR).`,
      );
      return;
    case "local_port":
      takeLocalPort(problem.port, problem.reason);
      return;
    case "inside_address":
      takeInsideAddress(problem.address, problem.reason);
      return;
    case "worker_hung":
      logger.error({ pid: problem.pid }, "a gateway worker does not acknowledge its table and is replaced");
      holder.killWorker(problem.pid);
  }
}

/** Each worker tells; once is enough for the log. */
function takeLocalPort(port: number, reason: string | null): void {
  if (reason === null) {
    if (closedPorts.delete(port)) logger.info({ port }, "a function's port can be listened on again");
  } else if (!closedPorts.has(port)) {
    closedPorts.add(port);
    logger.warn({ port, reason }, "a function's port can't be listened on; the function answers by its name only");
  }
}

const insideProblems = new Map<string, string>();

/** The same. A network that does not exist yet is no news: its first instance makes it. */
function takeInsideAddress(address: string, reason: string | null): void {
  const before = insideProblems.get(address);
  if (before === (reason ?? undefined)) return;
  if (reason === null) {
    insideProblems.delete(address);
    logger.info({ address }, "instances reach the gateway here, too");
    return;
  }
  insideProblems.set(address, reason);
  const level = reason === "EADDRNOTAVAIL" ? "debug" : "warn";
  logger[level]({ address, reason }, "can't be listened on for instances; tried again");
}

try {
  const control = await startControl({
    config,
    version: VERSION,
    env: process.env,
    logger,
    holderId: process.env[HOLDER_ID] ?? "",
    workers: () => holder.workers,
    publicPort: () => holder.port ?? config.address.port,
    onProblem: takeProblem,
    reload: () => holder.reload(),
    setupToken: process.env[SETUP_TOKEN_ENV],
  });
  holder.onStop(() => {
    control.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  });
  holder.ready();
  const trimmer = createHeapTrimmer();
  setInterval(() => trimmer.look(TRIM_LOOK_MS), TRIM_LOOK_MS);
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stderr.write(`slipway: ${error.message}${error.remedy === undefined ? "" : `\n  ${error.remedy}`}\n`);
  process.exit(1);
}
