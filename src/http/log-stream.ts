/** Logs as answers: text that grows, and server-sent events. Both end when the client is gone, and read no faster than it. */

import type { OutgoingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Build, BuildLogs } from "../domain/build.ts";

type OpenStream = {
  readonly closed: AbortController;
  readonly request: FastifyRequest;
  readonly raw: FastifyReply["raw"];
};

const OPEN_STREAMS = new WeakMap<object, Set<OpenStream>>();
/** How long a reader may take for the rest when the app closes, in milliseconds. */
const LAST_WORDS_MS = 500;

/** How often it is looked whether those who follow may still do so, in milliseconds. */
const LOOK_MS = 15_000;

/**
 * Ends what is followed when the app closes, so that nobody holds it up: whoever followed comes back to the next one. And
 * when whoever follows is signed in no more.
 * @param mayFollow asked for each request now and then
 */
export function endStreams(
  app: FastifyInstance,
  mayFollow: (request: FastifyRequest) => Promise<boolean>,
  lookMs = LOOK_MS,
): void {
  const open = new Set<OpenStream>();
  OPEN_STREAMS.set(app.server, open);
  const look = async ({ closed, request }: OpenStream): Promise<void> => {
    if (!(await mayFollow(request))) closed.abort();
  };
  const timer = setInterval(() => void Promise.all([...open].map(look)), lookMs);
  timer.unref();
  app.addHook("preClose", async () => {
    clearInterval(timer);
    for (const { closed } of open) closed.abort();
    const cut = setTimeout(() => {
      // Whoever does not read would hold the app up for ever.
      for (const { raw } of open) if (raw.headersSent) raw.destroy();
    }, LAST_WORDS_MS);
    app.server.once("close", () => clearTimeout(cut));
  });
}

/** Aborted when the client is gone, signed in no more, or the answer is complete, and when the app closes. */
export function untilClosed(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const closed = new AbortController();
  const open = OPEN_STREAMS.get(request.server.server);
  const stream = { closed, request, raw: reply.raw };
  open?.add(stream);
  reply.raw.once("close", () => {
    open?.delete(stream);
    closed.abort();
  });
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
/** Characters that are sent together at most. */
const BATCH_LENGTH = 64 * 1024;

/**
 * Sends one `data:` message for each item, a ping in quiet times, and `event: end` when there will be no more. What comes
 * at once leaves in one write. When the signal aborts it ends without `end`, so that the reader comes back.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<FastifyReply> {
  reply.type("text/event-stream").header("cache-control", "no-cache").header("x-accel-buffering", "no");
  if (request.method === "HEAD") return reply.send();
  const raw = openNow(reply);
  const ping = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(": ping\n\n");
  }, PING_MS);
  try {
    await writeAll(raw, items, (item) => `data: ${JSON.stringify(item)}\n\n`);
    if (signal.aborted) raw.end();
    else raw.end("event: end\ndata: {}\n\n");
  } catch (error) {
    logCut(request, error);
  } finally {
    clearInterval(ping);
    if (!raw.writableEnded) raw.destroy();
  }
  return reply;
}

/** Writes as fast as the reader reads, what comes in one turn of the process together. */
async function writeAll(
  raw: FastifyReply["raw"],
  items: AsyncIterable<unknown>,
  textOf: (item: unknown) => string,
): Promise<void> {
  let waiting = "";
  let isScheduled = false;
  const write = (): boolean => {
    const text = waiting;
    waiting = "";
    return text === "" || raw.destroyed || raw.write(text);
  };
  for await (const item of items) {
    if (raw.destroyed) return;
    waiting += textOf(item);
    if (waiting.length >= BATCH_LENGTH) {
      if (!write()) await drained(raw);
    } else if (!isScheduled) {
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        if (!raw.writableEnded) write();
      });
    }
  }
  write();
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
