/** Unpacks a release into a new folder: files, folders and links that stay inside; nothing else, nowhere else. */

import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { AppError } from "../domain/errors.ts";

const MAX_ENTRIES = 200_000;
const MAX_UNPACKED_BYTES = 4 * 1024 ** 3;

/** @throws AppError `invalid` for an archive that is damaged or brings what it must not */
export async function unpackRelease(archive: string, folder: string): Promise<void> {
  const tar = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), tar);
  // Reported by the loop below, which ends with the same error.
  reading.catch(() => undefined);
  const links = new Set<string>();
  let [entries, bytes] = [0, 0];
  try {
    await mkdir(folder, { mode: 0o755 });
    for await (const entry of tar) {
      entries += 1;
      bytes += entry.header.size ?? 0;
      if (entries > MAX_ENTRIES || bytes > MAX_UNPACKED_BYTES) throw new Error("it is too large");
      await place(entry.header, entry as AsyncIterable<Uint8Array>, folder, links);
    }
    await reading;
  } catch (error) {
    tar.destroy();
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    throw new AppError("invalid", `The release can't be unpacked: ${(error as Error).message}.`, { cause: error });
  }
}

async function place(
  header: Header,
  content: AsyncIterable<Uint8Array>,
  folder: string,
  links: Set<string>,
): Promise<void> {
  const path = safePath(header.name, links);
  const target = join(folder, path);
  if (path !== "")
    await mkdir(header.type === "directory" ? target : dirname(target), { recursive: true, mode: 0o755 });
  if (header.type === "file" && path !== "") {
    const mode = ((header.mode ?? 0) & 0o111) === 0 ? 0o644 : 0o755;
    await pipeline(content, createWriteStream(target, { flags: "wx", mode }));
    return;
  }
  if (header.type === "symlink") {
    const linkName = header.linkname ?? "";
    const end = posix.normalize(posix.join(posix.dirname(path), linkName));
    if (linkName.startsWith("/") || end.startsWith("..")) throw new Error(`${path} is a link out of it`);
    await symlink(linkName, target);
    links.add(path);
  } else if (header.type !== "directory") {
    throw new Error(`${path} is neither file, folder nor link`);
  }
  for await (const _ of content);
}

/** Empty for the root itself. */
function safePath(name: string, links: ReadonlySet<string>): string {
  const names = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || names.includes("..") || /[\0\\]/.test(name)) throw new Error(`${name} leads out of it`);
  for (let length = 1; length < names.length; length += 1) {
    if (links.has(names.slice(0, length).join("/"))) throw new Error(`${name} lies behind a link`);
  }
  return names.join("/");
}
