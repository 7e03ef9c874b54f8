/** A registered runtime's archive as a folder on this machine. Nothing of it is run; it comes from the server one trusts. */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { AppError } from "../domain/errors.ts";

/** Most that is unpacked, in bytes; runtimes are a handful of small files. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/** Files only; `folder` is made. @throws AppError `bad_gateway` for what is no such archive */
export async function unpackRuntime(archive: Uint8Array, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = extract();
  const gunzip = Readable.from([archive]).pipe(createGunzip());
  gunzip.on("error", (error) => entries.destroy(error));
  gunzip.pipe(entries);
  let total = 0;
  try {
    for await (const entry of entries) {
      const path = normalize(entry.header.name);
      if (path.startsWith("..") || path.startsWith(sep))
        throw new Error(`${entry.header.name} leads out of the archive`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) {
        chunks.push(chunk as Buffer);
        total += (chunk as Buffer).length;
        if (total > LIMIT_BYTES) throw new Error("it unpacks to too much");
      }
      if (entry.header.type !== "file") continue;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), Buffer.concat(chunks), { mode: (entry.header.mode ?? 0o644) & 0o777 });
    }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("bad_gateway", `The server's archive of the runtime can't be unpacked: ${words}.`, { cause });
  }
}
