/**
 * Reads a zip's entries into an index and a spool, in the order of its central directory. Sizes and checksums of the
 * headers are compared with what really came.
 */

import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import type { ArchiveIndex } from "./archive-index.ts";
import { refusedEntry } from "./archive-path.ts";
import type { ArchiveSpool } from "./archive-spool.ts";

const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;
/** A longer link target is no link anybody made. */
const MAX_TARGET_BYTES = 4096;
/** Hosts (upper byte of "version made by") whose attributes hold a Unix mode: Unix and macOS. */
const UNIX_HOSTS = [3, 19];

/** @throws AppError for what is refused; yauzl's and zlib's own errors for a corrupt archive */
export async function readZip(path: string, index: ArchiveIndex, spool: ArchiveSpool): Promise<void> {
  const zip = await openPromise(path, { autoClose: false, strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) await readEntry(zip, entry, index, spool);
  } finally {
    zip.close();
  }
}

async function readEntry(zip: ZipFile, entry: Entry, index: ArchiveIndex, spool: ArchiveSpool): Promise<void> {
  const path = index.admit(entry.fileName);
  if (path === undefined) return;
  if (entry.isEncrypted()) throw refusedEntry(entry.fileName, "is encrypted");
  const { type, permissions } = unixModeOf(entry);
  if (type === DIRECTORY || entry.fileName.endsWith("/")) return index.add({ kind: "directory", path });
  if (type === LINK) {
    if (entry.uncompressedSize > MAX_TARGET_BYTES) throw refusedEntry(path, "is a link with an endless target");
    return index.add({ kind: "link", path, target: await readText(zip, entry, index) });
  }
  if (type !== REGULAR) throw refusedEntry(path, "is a device, socket or pipe");
  const content = checked(await zip.openReadStreamPromise(entry), entry);
  const { offset, size } = await spool.append(content, (bytes) => index.countBytes(bytes));
  index.add({ kind: "file", path, mode: permissions, offset, size });
}

function unixModeOf(entry: Entry): { readonly type: number; readonly permissions: number } {
  const mode = UNIX_HOSTS.includes(entry.versionMadeBy >>> 8) ? entry.externalFileAttributes >>> 16 : 0;
  const type = mode & FILE_TYPE_MASK;
  const permissions = mode & 0o777;
  return { type: type === 0 ? REGULAR : type, permissions: permissions === 0 ? 0o644 : permissions };
}

async function readText(zip: ZipFile, entry: Entry, index: ArchiveIndex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of checked(await zip.openReadStreamPromise(entry), entry)) {
    index.countBytes(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The stream's chunks; an error at their end when their checksum is not the header's. */
async function* checked(stream: AsyncIterable<unknown>, entry: Entry): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    sum = crc32(bytes, sum);
    yield bytes;
  }
  if (sum !== entry.crc32) throw refusedEntry(entry.fileName, "has a wrong checksum: the archive is corrupt");
}
