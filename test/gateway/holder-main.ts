/** A whole gateway as processes: holder, workers and the stand-in for control. Its first line on stdout is the address. */

import { mkdirSync } from "node:fs";
import { runHolder } from "../../src/gateway/holder.ts";
import { LineLogger } from "../../src/gateway/line-logger.ts";
import { formatListenAddress, parseListenAddress } from "../../src/gateway/listen-address.ts";

const [dataDir = "", address = "127.0.0.1:0", workerCount = "2", ...more] = process.argv.slice(2);
mkdirSync(dataDir, { recursive: true });
const code = await runHolder({
  workerModule: new URL("worker-main.ts", import.meta.url).pathname,
  controlModule: new URL("control-main.ts", import.meta.url).pathname,
  args: [dataDir, ...more],
  env: process.env,
  address: parseListenAddress(address),
  workerCount: Number(workerCount),
  dataDir,
  trustedProxies: [],
  logger: new LineLogger("error"),
  onReady: (bound) => process.stdout.write(`ready ${formatListenAddress(bound)}\n`),
  onFatal: (message) => process.stdout.write(`fatal ${message}\n`),
});
process.exit(code);
