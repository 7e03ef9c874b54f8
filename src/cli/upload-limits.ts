/** Uploads that the server would refuse are refused here: by their size before a byte is read, and while they are packed. */

import { AppError } from "../domain/errors.ts";
import type { ServerInfoView } from "./api-views.ts";
import type { SourceUpload } from "./source-upload.ts";
import { formatBytes } from "./text-format.ts";

/** How many of the largest files and folders are named. */
const NAMED = 3;

/** @throws AppError `too_large` naming the largest files and folders */
export function requireFitting(typed: string, source: SourceUpload, info: ServerInfoView): void {
  const limit = source.folder === undefined ? info.upload_limit_bytes : info.unpacked_limit_bytes;
  if (limit === undefined || source.totalBytes <= limit) return;
  throw tooLarge(
    `${typed} is ${formatBytes(source.totalBytes)}; the server takes at most ${formatBytes(limit)}.`,
    source,
  );
}

/** The archive's bytes as they are. @throws AppError `too_large` while it is read, when more come than the server takes */
export async function* withinLimit(
  typed: string,
  source: SourceUpload,
  content: AsyncIterable<Uint8Array>,
  { upload_limit_bytes: limit = Number.POSITIVE_INFINITY }: ServerInfoView,
): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limit)
      throw tooLarge(`${typed} packs to more than ${formatBytes(limit)}, which is all the server takes.`, source);
    yield chunk;
  }
}

function tooLarge(message: string, { largest }: SourceUpload): AppError {
  const named = largest.slice(0, NAMED).map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);
  const what = named.length === 0 ? "" : ` The largest in it: ${named.join(", ")}.`;
  return new AppError("too_large", `${message}${what}`, {
    remedy: "List what the function does not need in .slipwayignore, or keep data in a volume.",
  });
}
