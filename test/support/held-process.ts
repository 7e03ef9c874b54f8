/** A second Node process that comes to a point and stays there until it is killed, for tests of sudden ends. */

import { run } from "../../src/lib/run.ts";

export type HeldProcess = {
  readonly pid: number;
  /** SIGKILL, and waits until the kernel has taken the process away. */
  kill(): Promise<void>;
};

/**
 * Starts Node on the text of an ES module that must print its pid once it is where it shall stay.
 * @throws Error when it ends before
 */
export async function holdProcess(module: string): Promise<HeldProcess> {
  const printed = Promise.withResolvers<number>();
  let output = "";
  const ended = run(process.execPath, ["--expose-gc", "--input-type=module", "--eval", module], {
    timeoutMs: 30_000,
    onStdout: (chunk) => {
      output += chunk.toString();
      if (output.includes("\n")) printed.resolve(Number.parseInt(output, 10));
    },
  }).then(
    (result) => `ended with ${result.exitCode}: ${result.stderr}`,
    (error: unknown) => String(error),
  );
  const pid = await Promise.race([printed.promise, ended.then((how) => Promise.reject(new Error(how)))]);
  return {
    pid,
    async kill() {
      process.kill(pid, "SIGKILL");
      await ended;
    },
  };
}
