/** Answers of the engine that stream: opened without being collected, and cut into what they carry. */

import type Docker from "dockerode";
import { AppError } from "../domain/errors.ts";

/** Opens a GET whose answer streams. Aborting destroys it. @throws what dockerode throws */
export function openStream(
  engine: Docker,
  path: string,
  query: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const statusCodes = { 200: true, 404: "not found", 409: "conflict", 500: "server error" };
  const call = {
    path: `${path}?`,
    method: "GET",
    options: { ...query },
    abortSignal: signal,
    isStream: true,
    statusCodes,
  };
  return new Promise((resolve, reject) => {
    engine.modem.dial(call, (error: Error | null, answer: unknown) => {
      if (error) reject(error);
      else resolve(answer as AsyncIterable<Buffer>);
    });
  });
}

/** One write of a process: Docker frames each as its own, with the stream it went to. */
export type OutputFrame = { readonly stream: "stdout" | "stderr"; readonly content: Buffer };

const HEADER_BYTES = 8;
/** The engine cuts what it logs at 16 KiB; far above that it is no frame. */
const LARGEST_FRAME_BYTES = 16 * 1024 * 1024;

/** Cuts the engine's multiplexed format (8 bytes of head: stream, 0, 0, 0, length) into frames. */
export async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<OutputFrame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let offset = 0;
    while (rest.length - offset >= HEADER_BYTES) {
      const length = rest.readUInt32BE(offset + 4);
      const kind = rest[offset] ?? 0;
      if (kind > 2 || length > LARGEST_FRAME_BYTES)
        throw new AppError("internal", "The Docker engine sent output in a format that is not known.");
      const end = offset + HEADER_BYTES + length;
      if (end > rest.length) break;
      yield { stream: kind === 2 ? "stderr" : "stdout", content: rest.subarray(offset + HEADER_BYTES, end) };
      offset = end;
    }
    rest = rest.subarray(offset);
  }
}

/** Lines of a stream of UTF-8 text, without the newline; the last one also when it has none. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield rest.toString();
}
