/** The real `bin/slipway` against a test server, as a newcomer on its machine has it: no login, piped output. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RunResult, run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import type { TestServer } from "./test-server.ts";

export const REPOSITORY = join(import.meta.dirname, "../..");
export const BIN = join(REPOSITORY, "bin/slipway");
const LIMIT_MS = 60_000;

export type CommandLineOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that relative paths start from; the repository's root unless given. */
  readonly cwd?: string;
};

function environment(server: TestServer, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: server.folder, SLIPWAY_ADDR: `127.0.0.1:${server.port}`, ...env };
}

/** Runs it to its end. */
export function slipway(
  server: TestServer,
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<RunResult> {
  const env = environment(server, options.env);
  return run(BIN, args, { env, cwd: options.cwd ?? REPOSITORY, timeoutMs: LIMIT_MS });
}

/** Runs it, asserts that it ends well, and answers its standard output. */
export async function done(server: TestServer, args: readonly string[], options?: CommandLineOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await slipway(server, args, options);
  assert.equal(exitCode, 0, `slipway ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs it with --json, asserts that it ends well, and answers the one document it printed. */
export async function json<T>(server: TestServer, args: readonly string[]): Promise<T> {
  return JSON.parse(await done(server, [...args, "--json"])) as T;
}

/** One that runs until it is told to stop. */
export class RunningCommand {
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
  }

  static start(server: TestServer, args: readonly string[]): RunningCommand {
    return new RunningCommand(
      spawn(BIN, args, { env: environment(server), cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] }),
    );
  }

  /** Waits until it has written what `pattern` describes; ends it when it never does. */
  async writes(pattern: RegExp): Promise<void> {
    try {
      await eventually(() => assert.match(this.#stdout + this.#stderr, pattern), 30_000);
    } catch (error) {
      this.#child.kill("SIGKILL");
      throw error;
    }
  }

  /** Ctrl-C, then its end. */
  async interrupt(): Promise<RunResult> {
    const closed = once(this.#child, "close");
    this.#child.kill("SIGINT");
    const [exitCode] = (await closed) as [number | null];
    return { exitCode: exitCode ?? -1, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Writes files by path below the server's folder; answers the folder's path. */
export async function folderOf(
  server: TestServer,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = join(server.folder, "work", name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}
