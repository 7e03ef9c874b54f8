/** Constant load on a function from another process. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import type { LoadReport } from "./load-client.ts";

export type Load = {
  /** Ends it and answers what it saw. */
  end(): Promise<LoadReport>;
};

export function startLoad(
  port: number,
  host: string,
  options: { readonly clients?: number; readonly pauseMs?: number } = {},
): Load {
  const { clients = 8, pauseMs = 2 } = options;
  const args = [join(import.meta.dirname, "load-client.ts"), String(port), host, String(clients), String(pauseMs)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    async end() {
      if (child.exitCode === null) child.stdin.end();
      await ended;
      return JSON.parse(output) as LoadReport;
    },
  };
}
