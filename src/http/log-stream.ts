/** Logs as answers: text that grows, and server-sent events. */

import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Aborted when the client is gone or the answer is complete. */
export function untilClosed(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const closed = new AbortController();
  reply.raw.once("close", () => closed.abort());
  request.raw.once("error", () => closed.abort());
  return closed.signal;
}

/** Sends text as it comes; nothing buffers it on the way. */
export function sendText(reply: FastifyReply, text: AsyncIterable<string>): FastifyReply {
  return reply
    .type("text/plain; charset=utf-8")
    .header("cache-control", "no-cache")
    .header("x-accel-buffering", "no")
    .send(Readable.from(text));
}

const PING_MS = 15_000;

/** Sends one `data:` message for each item, a ping in quiet times, and `event: end` when there will be no more. */
export async function sendEvents(reply: FastifyReply, items: AsyncIterable<unknown>): Promise<FastifyReply> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    ...plainHeaders(reply),
  });
  raw.flushHeaders();
  const ping = setInterval(() => raw.write(": ping\n\n"), PING_MS);
  try {
    for await (const item of items) {
      if (!raw.write(`data: ${JSON.stringify(item)}\n\n`)) await drained(raw);
      if (raw.destroyed) break;
    }
    raw.end("event: end\ndata: {}\n\n");
  } finally {
    clearInterval(ping);
    if (!raw.writableEnded) raw.destroy();
  }
  return reply;
}

function plainHeaders(reply: FastifyReply): Record<string, string> {
  const kept = ["x-request-id", "access-control-allow-origin"];
  return Object.fromEntries(
    kept.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
  );
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
  });
}
