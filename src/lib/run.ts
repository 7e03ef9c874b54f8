/**
 * The only door to other programs: no shell, arguments as a list, always a limit. Everything that starts a process
 * goes through here (rule one-door-processes).
 */

import { type ChildProcess, fork, spawn } from "node:child_process";

export type RunOptions = {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Gets standard output as it comes, instead of it being collected. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
};

export type RunResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/**
 * Runs `file` with `args` and waits for its end. Does not throw for an exit code.
 * @throws Error when it can't be started, was ended by a signal, ran out of time or was aborted
 */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
      ...(options.signal && { signal: options.signal }),
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", options.onStdout ?? ((chunk: Buffer) => output.push(chunk)));
    child.stderr.on("data", options.onStderr ?? ((chunk: Buffer) => errors.push(chunk)));
    child.on("error", reject);
    child.on("close", (code, signalName) => {
      if (code === null) {
        reject(new Error(`${file} was ended by ${signalName} (limit: ${options.timeoutMs} ms)`));
        return;
      }
      resolve({ exitCode: code, stdout: Buffer.concat(output).toString(), stderr: Buffer.concat(errors).toString() });
    });
  });
}

/**
 * Starts a Node module as a child with an IPC channel; its stdio is this process's own, never a pipe. `nodeFlags` are
 * added to those of this process.
 */
export function forkModule(
  modulePath: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): ChildProcess {
  const execArgv = [...process.execArgv, ...nodeFlags];
  return fork(modulePath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env, execArgv });
}
