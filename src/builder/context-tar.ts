/** A build context out of files and folders of this machine: a Dockerfile and what it copies. */

import { createReadStream } from "node:fs";
import { readdir, readlink, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Pack } from "tar-stream";
import { streamTar } from "./stream-tar.ts";
import { addToTar, PINNED_HEADER } from "./tar-entry.ts";

/** A file or a folder with all in it, and its path in the context. */
export type ContextPart = { readonly from: string; readonly to: string };

/** The context's tar, made while it is read; entries sorted, times and owners left out. */
export function contextTar(dockerfile: string, parts: readonly ContextPart[]): AsyncGenerator<Uint8Array> {
  return streamTar((tar) => fill(tar, dockerfile, parts));
}

async function fill(tar: Pack, dockerfile: string, parts: readonly ContextPart[]): Promise<void> {
  tar.entry({ ...PINNED_HEADER, name: "Dockerfile", mode: 0o644 }, dockerfile);
  for (const { from, to } of parts) {
    if ((await stat(from)).isFile()) {
      await addFile(tar, from, to);
      continue;
    }
    const entries = await readdir(from, { recursive: true, withFileTypes: true });
    const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
    for (const { entry, path } of paths.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      const name = join(to, relative(from, path));
      if (entry.isFile()) await addFile(tar, path, name);
      if (entry.isSymbolicLink()) {
        const linkname = await readlink(path);
        await addToTar(tar, { ...PINNED_HEADER, name, type: "symlink", linkname, mode: 0o777 });
      }
    }
  }
  tar.finalize();
}

async function addFile(tar: Pack, path: string, name: string): Promise<void> {
  const { mode, size } = await stat(path);
  const header = { ...PINNED_HEADER, name, type: "file" as const, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, size };
  await addToTar(tar, header, size === 0 ? undefined : createReadStream(path));
}
