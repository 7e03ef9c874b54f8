/** A whole gateway as processes: holder, workers and the stand-in for control. Tells its parent when it is ready. */

import { mkdirSync } from "node:fs";
import { runHolder } from "../../src/gateway/holder.ts";
import { LineLogger } from "../../src/gateway/line-logger.ts";
import { formatListenAddress, parseListenAddress } from "../../src/gateway/listen-address.ts";

/** What it tells its parent over IPC, or without one as a line on stdout. */
export type HolderNews =
  | { readonly type: "ready"; readonly address: string }
  | { readonly type: "fatal"; readonly message: string };

const [dataDir = "", address = "127.0.0.1:0", workerCount = "2", ...more] = process.argv.slice(2);
mkdirSync(dataDir, { recursive: true });

function tell(message: HolderNews): void {
  if (process.connected) process.send?.(message);
  else process.stdout.write(`${JSON.stringify(message)}\n`);
}

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
  onReady: (bound) => tell({ type: "ready", address: formatListenAddress(bound) }),
  onFatal: (message) => tell({ type: "fatal", message }),
});
process.exit(code);
