/**
 * A stand-in for control: publishes the table that stands in `<data-dir>/table.json`, again whenever it is told to over
 * its own HTTP API on `control.sock`, and ends when it should.
 */

import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { GatewayLink } from "../../src/gateway/gateway-link.ts";
import { HolderLink } from "../../src/gateway/holder-link.ts";
import { LineLogger } from "../../src/gateway/line-logger.ts";
import { HOLDER_ID } from "../../src/gateway/worker-env.ts";

const [dataDir = "", failure] = process.argv.slice(2);
if (failure !== undefined) process.exit(Number(failure));
const holder = await HolderLink.open();
const link = await GatewayLink.open({
  socketPath: join(dataDir, "gateway.sock"),
  holderId: process.env[HOLDER_ID] ?? "",
  workersExpected: () => holder.workers,
  onCounts: () => {},
  onProblem: (problem) => {
    if (problem.kind === "worker_hung") holder.killWorker(problem.pid);
    if (problem.kind === "address_in_use") holder.fatal(`${problem.address} is in use`);
  },
  logger: new LineLogger("error"),
});

async function publish(): Promise<void> {
  await link.publish(JSON.parse(await readFile(join(dataDir, "table.json"), "utf8")));
}

const api = createServer((request, response) => {
  if (request.url === "/reload") holder.reload();
  const work = request.url === "/publish" ? publish() : Promise.resolve();
  const answer = () => response.end(JSON.stringify({ pid: process.pid, workers: holder.workers, url: request.url }));
  work.then(answer, () => response.writeHead(500).end());
});
await rm(join(dataDir, "control.sock"), { force: true });
await new Promise<void>((resolve) => api.listen(join(dataDir, "control.sock"), resolve));
await publish();
// As late as the real control does: told to stop while it starts, it must not forget.
holder.onStop(() => {
  api.close(() => process.exit(0));
  api.closeIdleConnections();
});
holder.ready();
