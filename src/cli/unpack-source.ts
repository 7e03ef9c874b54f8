/** A function's source as a folder, exactly as it was uploaded: modes, links and empty folders stay. */

import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, relative } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { AppError } from "../domain/errors.ts";

/** `folder` is made. @throws AppError `bad_gateway` for what is no such archive */
export async function unpackSource(archive: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = extract();
  const gunzip = createGunzip();
  const input = Readable.from(archive);
  for (const stream of [input, gunzip]) stream.on("error", (error) => entries.destroy(error));
  input.pipe(gunzip).pipe(entries);
  try {
    for await (const entry of entries) {
      const { name, type, mode = 0o644, linkname } = entry.header;
      const path = inside(folder, name);
      await mkdir(type === "directory" ? path : dirname(path), { recursive: true });
      if (type === "symlink") await link(folder, path, linkname ?? "");
      if (type === "file") {
        const chunks: Buffer[] = [];
        for await (const chunk of entry) chunks.push(chunk as Buffer);
        await writeFile(path, Buffer.concat(chunks));
        await chmod(path, mode & 0o777);
      }
      entry.resume();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("bad_gateway", `The source that the server sent can't be unpacked: ${words}.`, { cause });
  }
}

function inside(folder: string, name: string): string {
  const path = normalize(name);
  if (!isAbsolute(path) && path !== ".." && !path.startsWith("../")) return join(folder, path);
  throw new AppError("bad_gateway", `The source that the server sent leaves its folder: ${name}.`);
}

async function link(folder: string, path: string, target: string): Promise<void> {
  if (isAbsolute(target)) throw new AppError("bad_gateway", `A link of the source leads to ${target}.`);
  inside(folder, relative(folder, join(dirname(path), target)) || ".");
  await symlink(target, path);
}
