/** The log of one instance as lines: the engine's frames, their timestamps and its 16 KiB pieces put together again. */

import type { InstanceLogLine } from "../domain/driver.ts";
import type { DockerClient } from "./docker-client.ts";
import { type OutputFrame, openStream, readFrames } from "./engine-stream.ts";

/** A longer line is given out in pieces of about this, so that one without end takes no memory without end. */
const LARGEST_LINE_BYTES = 1024 * 1024;

export async function* readInstanceLogs(
  client: DockerClient,
  runtimeId: string,
  options: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<InstanceLogLine> {
  if (signal.aborted) return;
  const query = { stdout: true, stderr: true, timestamps: true, tail: options.tail, follow: options.follow };
  const path = `/containers/${encodeURIComponent(runtimeId)}/logs`;
  try {
    const answer = await client.stream((engine) => openStream(engine, path, query, signal));
    yield* joinLines(readFrames(answer));
  } catch (error) {
    if (!signal.aborted) throw client.translate(error);
  }
}

type Unfinished = { at: number; pieces: Buffer[]; length: number };

/**
 * Each frame is `<RFC 3339 time> <text>`, and ends with a newline only where the line does. What a stream leaves
 * unfinished comes at the end.
 */
export async function* joinLines(frames: AsyncIterable<OutputFrame>): AsyncGenerator<InstanceLogLine> {
  const unfinished = new Map<OutputFrame["stream"], Unfinished>();
  for await (const { stream, content } of frames) {
    const space = content.indexOf(32);
    const line = unfinished.get(stream) ?? {
      at: Date.parse(content.toString("latin1", 0, space)),
      pieces: [],
      length: 0,
    };
    const text = content.subarray(space + 1);
    const isEnd = text.at(-1) === 10;
    if (isEnd && line.length === 0) {
      yield { stream, line: withoutReturn(text.toString("utf8", 0, text.length - 1)), at: line.at };
      continue;
    }
    line.pieces.push(Buffer.from(isEnd ? text.subarray(0, -1) : text));
    line.length += text.length;
    unfinished.set(stream, line);
    if (!isEnd && line.length < LARGEST_LINE_BYTES) continue;
    unfinished.delete(stream);
    yield finished(stream, line);
  }
  for (const [stream, line] of unfinished) yield finished(stream, line);
}

function finished(stream: OutputFrame["stream"], line: Unfinished): InstanceLogLine {
  return { stream, line: withoutReturn(Buffer.concat(line.pieces).toString()), at: line.at };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
