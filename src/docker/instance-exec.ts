/** A command inside a running instance, its output collected, within limits of time and size. */

import { AppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";
import { readFrames } from "./engine-stream.ts";

const LARGEST_OUTPUT_BYTES = 1024 * 1024;

/**
 * Output is standard output and error in the order they came; what is above 1 MiB is left out. Out of time, the command
 * goes on inside: the engine can't end one.
 * @throws AppError `not_found`, `conflict` (not running), `timeout`, `unavailable`
 */
export async function execInInstance(
  client: DockerClient,
  runtimeId: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await client.stream(async (engine) => {
      const exec = await engine
        .getContainer(runtimeId)
        .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal: timeout });
      const stream = await exec.start({ Detach: false, Tty: false, abortSignal: timeout });
      const output = await collect(stream, timeout);
      const { ExitCode } = await exec.inspect({ abortSignal: timeout });
      return { exitCode: ExitCode ?? -1, output };
    });
  } catch (error) {
    if (!timeout.aborted) throw error;
    throw new AppError("timeout", `The command did not end within ${timeoutMs} ms.`, { cause: error });
  }
}

async function collect(stream: NodeJS.ReadableStream, timeout: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const { content } of readFrames(stream as AsyncIterable<Buffer>)) {
    const part = content.subarray(0, LARGEST_OUTPUT_BYTES - length);
    parts.push(Buffer.from(part));
    length += part.length;
  }
  timeout.throwIfAborted();
  return Buffer.concat(parts).toString();
}
