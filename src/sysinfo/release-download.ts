/** Fetches the tarball of a release to a file, and keeps it only when its SHA-256 is the announced one. */

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import { AppError } from "../domain/errors.ts";

/** Longest time it may take, in milliseconds. */
const LIMIT_MS = 15 * 60_000;
const MAX_BYTES = 1024 ** 3;

/** Answers its size in bytes. @throws AppError `bad_gateway`; there is no file then */
export async function downloadRelease(url: string, sha256: string, path: string): Promise<number> {
  try {
    const response = await fetch(url, { headers: { "user-agent": "slipway" }, signal: AbortSignal.timeout(LIMIT_MS) });
    if (!response.ok || response.body === null) throw new Error(`it answered ${response.status}`);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const measure = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length;
        if (sizeBytes > MAX_BYTES) throw new Error("it is larger than 1 GiB");
        hash.update(chunk);
        yield chunk;
      }
    };
    const body = Readable.fromWeb(response.body as WebStream<Uint8Array>);
    await pipeline(body, measure, createWriteStream(path, { flags: "wx", mode: 0o600 }));
    const found = hash.digest("hex");
    if (found !== sha256) throw new Error(`its SHA-256 is ${found}, announced was ${sha256}`);
    return sizeBytes;
  } catch (error) {
    await rm(path, { force: true });
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("bad_gateway", `The release at ${url} can't be taken: ${reason}.`, { cause: error });
  }
}
