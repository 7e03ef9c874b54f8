/**
 * Writes the entries of an archive as a deterministic tar: given order, no times, no owners, permission bits only. The
 * SHA-256 of these bytes is the source's id.
 */

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { ArchiveEntry } from "./archive-index.ts";
import type { ArchiveSpool } from "./archive-spool.ts";
import { addToTar, PINNED_HEADER } from "./tar-entry.ts";

/** Writes `entries` to a new file at `path`. Answers its SHA-256 (hex) and size in bytes. */
export async function writeSourceTar(
  path: string,
  entries: readonly ArchiveEntry[],
  spool: ArchiveSpool,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const tar = pack();
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const fill = async (): Promise<void> => {
    for (const entry of entries) await addEntry(tar, entry, spool);
    tar.finalize();
  };
  const filling = fill().catch((error: unknown) =>
    tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  await pipeline(tar, measure, createWriteStream(path, { flags: "wx", mode: 0o600, flush: true }));
  await filling;
  return { sha256: hash.digest("hex"), sizeBytes };
}

async function addEntry(tar: ReturnType<typeof pack>, entry: ArchiveEntry, spool: ArchiveSpool): Promise<void> {
  switch (entry.kind) {
    case "directory":
      return addToTar(tar, { ...PINNED_HEADER, type: "directory", name: entry.path, mode: 0o755 });
    case "link":
      return addToTar(tar, {
        ...PINNED_HEADER,
        type: "symlink",
        name: entry.path,
        linkname: entry.target,
        mode: 0o777,
      });
    case "file": {
      const header = { ...PINNED_HEADER, type: "file" as const, name: entry.path, mode: entry.mode, size: entry.size };
      return addToTar(tar, header, spool.read(entry.offset, entry.size));
    }
  }
}
