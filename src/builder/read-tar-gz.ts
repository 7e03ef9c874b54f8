/** Reads the entries of a gzipped tar into an index and a spool, in the order they stand. */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { ArchiveIndex } from "./archive-index.ts";
import { refusedEntry } from "./archive-path.ts";
import type { ArchiveSpool } from "./archive-spool.ts";
import { type TarEntry, tarContent } from "./tar-entry.ts";

/** @throws AppError for what is refused; zlib's and tar-stream's own errors for a corrupt archive */
export async function readTarGz(path: string, index: ArchiveIndex, spool: ArchiveSpool): Promise<void> {
  const tar = extract();
  const unpacking = pipeline(createReadStream(path), createGunzip(), (chunks) => counted(chunks, index), tar);
  // Read below through `tar`; the rejection is looked at afterwards, so it must not count as unhandled until then.
  unpacking.catch(() => undefined);
  for await (const entry of tar) await readEntry(entry, index, spool);
  await unpacking;
}

async function* counted(chunks: AsyncIterable<Buffer>, index: ArchiveIndex): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    index.countTarBytes(chunk.length);
    yield chunk;
  }
}

async function readEntry(entry: TarEntry, index: ArchiveIndex, spool: ArchiveSpool): Promise<void> {
  const { name, type, linkname, mode } = entry.header;
  const path = index.admit(name);
  if (path === undefined || type === "directory" || type === "symlink") entry.resume();
  if (path === undefined) return;
  switch (type) {
    case "directory":
      return index.add({ kind: "directory", path });
    case "symlink":
      return index.add({ kind: "link", path, target: linkname });
    case "file":
    case "contiguous-file": {
      const { offset, size } = await spool.append(tarContent(entry), (bytes) => index.countBytes(bytes));
      const permissions = mode & 0o777;
      return index.add({ kind: "file", path, mode: permissions === 0 ? 0o644 : permissions, offset, size });
    }
    case "link":
      throw refusedEntry(path, "is a hard link; use a copy or a symbolic link");
    default:
      throw refusedEntry(path, "is a device, socket or pipe");
  }
}
