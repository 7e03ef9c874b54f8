/** Archives made by hand, right and wrong ones: what no packing program would write is what must be refused. */

import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export type ZipEntry = {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Unix mode with the file type's bits; absent: an entry as DOS makes it. */
  readonly unixMode?: number;
  readonly isStored?: boolean;
  /** Header fields that lie. */
  readonly claimedSize?: number;
  readonly claimedCrc?: number;
  readonly flags?: number;
};

/** A zip of these entries. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = encodeEntry(entry, offset);
    locals.push(local);
    centrals.push(central);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** A zip of files by path, each with mode 0644. */
export function zipOf(files: Readonly<Record<string, string>>): Buffer {
  return makeZip(Object.entries(files).map(([name, content]) => ({ name, content, unixMode: 0o100644 })));
}

export type TarEntry = {
  readonly name: string;
  readonly type?: "file" | "directory" | "symlink" | "link" | "fifo" | "character-device";
  readonly content?: string;
  readonly linkname?: string;
  readonly mode?: number;
};

/** A gzipped tar of these entries. */
export async function makeTarGz(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries) tar.entry({ mode: 0o644, ...header }, content ?? "");
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}

function encodeEntry(entry: ZipEntry, offset: number): { readonly local: Buffer; readonly central: Buffer } {
  const name = Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? "");
  const data = entry.isStored ? content : deflateRawSync(content);
  // What both headers share: version, flags, method, time, date, checksum, sizes, name length, no extra field.
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(0x800 | (entry.flags ?? 0), 2);
  shared.writeUInt16LE(entry.isStored ? 0 : 8, 4);
  shared.writeUInt32LE(entry.claimedCrc ?? crc32(content), 10);
  shared.writeUInt32LE(data.length, 14);
  shared.writeUInt32LE(entry.claimedSize ?? content.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const madeBy = entry.unixMode === undefined ? 20 : (3 << 8) | 20;
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((entry.unixMode ?? 0) << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  const central = [u32(0x02014b50), u16(madeBy), shared, tail, name];
  return { local: Buffer.concat([u32(0x04034b50), shared, name, data]), central: Buffer.concat(central) };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
