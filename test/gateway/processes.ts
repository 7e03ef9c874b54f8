/** Whole gateways as processes, and load on them; all end with the test. */

import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { RouteTable } from "../../src/domain/route.ts";
import { forkModule } from "../../src/lib/run.ts";
import type { HolderNews } from "./holder-main.ts";
import { eventually } from "./in-process.ts";
import type { LoadResult } from "./load-main.ts";

export type Status = { readonly pid: number; readonly workers: readonly number[] };

const ENV = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "slipway-test-compile-cache") };

function pathOf(module: string): string {
  return new URL(module, import.meta.url).pathname;
}

export async function dataDirOf(t: TestContext, table: RouteTable): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-holder-"));
  await writeFile(join(folder, "table.json"), JSON.stringify(table));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export class HolderProcess {
  readonly #child: ReturnType<typeof forkModule>;
  readonly #seen = new Set<number>();
  readonly exited: Promise<number | null>;
  readonly news: HolderNews[] = [];

  constructor(t: TestContext, dataDir: string, address = "127.0.0.1:0", workers = 2, failure?: number) {
    const args = [dataDir, address, String(workers), ...(failure === undefined ? [] : [String(failure)])];
    this.#child = forkModule(pathOf("holder-main.ts"), args, ENV);
    this.#child.on("message", (message: HolderNews) => this.news.push(message));
    this.exited = once(this.#child, "exit").then(([code]) => code as number | null);
    t.after(() => this.#end());
  }

  /** The port of the public address, once all workers listen. */
  async ready(): Promise<number> {
    await eventually(() => this.news.length > 0 || this.#child.exitCode !== null, 15_000);
    const [news] = this.news;
    if (news?.type !== "ready") throw new Error(`not ready: ${JSON.stringify(news)}`);
    const port = Number(news.address.slice(news.address.lastIndexOf(":") + 1));
    await this.status(port);
    return port;
  }

  /** Control's and the workers' pids, asked through the gateway. */
  async status(port: number, path = "/status"): Promise<Status> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
    const status = (await answer.json()) as Status;
    for (const pid of [status.pid, ...status.workers]) this.#seen.add(pid);
    return status;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #end(): Promise<void> {
    // Also those started since anybody asked. Stopped first, so that none is added behind our back.
    this.#child.kill("SIGSTOP");
    const { pid } = this.#child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    for (const child of children.split(" ")) if (child !== "") this.#seen.add(Number(child));
    this.#child.kill("SIGKILL");
    await this.exited;
    for (const pid of this.#seen) signal(pid, "SIGKILL");
    await eventually(() => [...this.#seen].every((pid) => !isAlive(pid)));
  }
}

/** Constant load until the answer is called, which resolves with what became of the requests. */
export async function startLoad(t: TestContext, port: number): Promise<() => Promise<LoadResult>> {
  const child = forkModule(pathOf("load-main.ts"), [String(port)], ENV);
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  return async () => {
    child.send("stop");
    const [result] = await once(child, "message");
    return result as LoadResult;
  };
}

export function signal(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name);
}

/** False for a process that is gone, or dead and not yet waited for. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function logOf(dataDir: string): Promise<string> {
  return readFile(join(dataDir, "gateway.log"), "utf8");
}
