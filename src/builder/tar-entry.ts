/** Tar entries in and out of tar-stream: the same header fields always, back-pressure kept, typed content. */

import { once } from "node:events";
import type { Extract, Header, Pack } from "tar-stream";

/** What an `extract()` yields. */
export type TarEntry = Extract extends AsyncIterable<infer Entry> ? Entry : never;

/** Header of an entry to add. */
export type TarHeader = Partial<Header> & Pick<Header, "name">;

/** What never depends on where or when a file was made. */
export const PINNED_HEADER = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" } as const;

/** Adds an entry and waits until the pack has taken all of it. `size` of the header must be what `content` yields. */
export async function addToTar(tar: Pack, header: TarHeader, content?: AsyncIterable<Uint8Array>): Promise<void> {
  if (content === undefined || (header.size ?? 0) === 0) {
    tar.entry(header, "");
    return;
  }
  const sink = tar.entry(header);
  const taken = once(sink, "finish");
  for await (const chunk of content) if (!sink.write(chunk)) await once(sink, "drain");
  sink.end(undefined);
  await taken;
}

/** An entry's bytes in chunks. */
export async function* tarContent(entry: TarEntry): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) yield chunk as Uint8Array;
}

/** All of an entry's bytes. */
export async function readTarEntry(entry: TarEntry): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarContent(entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
