/** Logs as answers: text that grows, and server-sent events. Both end when the client is gone, and read no faster than it. */

import type { OutgoingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Build, BuildLogs } from "../domain/build.ts";

/** Aborted when the client is gone or the answer is complete. */
export function untilClosed(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const closed = new AbortController();
  reply.raw.once("close", () => closed.abort());
  request.raw.once("error", () => closed.abort());
  return closed.signal;
}

/** A build's log as far as it has come; when following, also what comes. Only one that has not ended can grow. */
export async function* buildLogText(
  logs: BuildLogs,
  build: Build | undefined,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (build === undefined) return;
  const isGrowing = build.status === "queued" || build.status === "running";
  if (follow && isGrowing) yield* logs.follow(build.id, signal);
  else yield await logs.read(build.id);
}

/**
 * Sends text as it comes; nothing buffers it on the way. What fails before the first byte is an error like any other,
 * but for text that is followed: its head goes at once, as its first line may be hours away.
 */
export async function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  text: AsyncIterable<string>,
  { follow }: { readonly follow: boolean },
): Promise<FastifyReply> {
  reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").header("x-accel-buffering", "no");
  if (request.method === "HEAD") return reply.send();
  if (!follow) return reply.send(Readable.from(text));
  const raw = openNow(reply);
  await pipeline(Readable.from(text), raw).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") logCut(request, error);
  });
  return reply;
}

const PING_MS = 15_000;

/** Sends one `data:` message for each item, a ping in quiet times, and `event: end` when there will be no more. */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<unknown>,
): Promise<FastifyReply> {
  reply.type("text/event-stream").header("cache-control", "no-cache").header("x-accel-buffering", "no");
  if (request.method === "HEAD") return reply.send();
  const raw = openNow(reply);
  const ping = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(": ping\n\n");
  }, PING_MS);
  try {
    for await (const item of items) {
      if (!raw.write(`data: ${JSON.stringify(item)}\n\n`)) await drained(raw);
      if (raw.destroyed) break;
    }
    raw.end("event: end\ndata: {}\n\n");
  } catch (error) {
    logCut(request, error);
  } finally {
    clearInterval(ping);
    if (!raw.writableEnded) raw.destroy();
  }
  return reply;
}

/** Sends the head and takes the answer out of Fastify's hands. */
function openNow(reply: FastifyReply): FastifyReply["raw"] {
  const headers = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  reply.raw.writeHead(200, headers);
  reply.raw.flushHeaders();
  return reply.raw;
}

/** The status is sent already: the reader sees by the missing end that there was more. */
function logCut(request: FastifyRequest, error: unknown): void {
  request.log.warn({ err: error, url: request.url }, "a log stream was cut short");
}

function drained(stream: FastifyReply["raw"]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stream.off("drain", end);
      stream.off("close", end);
      resolve();
    };
    stream.once("drain", end);
    stream.once("close", end);
    if (stream.destroyed) end();
  });
}
