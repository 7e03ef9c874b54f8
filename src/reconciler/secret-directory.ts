/**
 * A folder of secrets that changes as a whole, while others have it mounted: the files lie in a folder of their own
 * generation, `..data` points at that one, `<name>` at `..data/<name>`, and a change is one rename of `..data`.
 */

import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomHex } from "../lib/ids.ts";

const DATA = "..data";
const NEXT = "..next";

/**
 * Makes the folder hold exactly these files (0444), by name; names do not start with two dots. The folder itself, once
 * made, stays the same one. Parents are made with mode 0700. Killed at any moment, it is done again by the next call.
 */
export async function writeSecretDirectory(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const kept = (await holds(folder, files)) ? undefined : await writeGeneration(folder, files);
  if (kept === undefined) return;
  await rm(join(folder, NEXT), { force: true });
  await symlink(kept, join(folder, NEXT));
  await rename(join(folder, NEXT), join(folder, DATA));
  const entries = await readdir(folder);
  for (const name of files.keys()) {
    if (!entries.includes(name)) await symlink(`${DATA}/${name}`, join(folder, name));
  }
  const isOver = (name: string): boolean => (name.startsWith("..") ? name !== DATA && name !== kept : !files.has(name));
  for (const name of entries.filter(isOver)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Answers the name of a new folder with the files. */
async function writeGeneration(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const name = `..${randomHex(8)}`;
  const path = join(folder, name);
  await mkdir(path);
  for (const [file, content] of files) {
    await writeFile(join(path, file), content, { flag: "wx", mode: 0o400 });
    await chmod(join(path, file), 0o444);
  }
  await chmod(path, 0o755);
  return name;
}

async function holds(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
  const entries = await readdir(folder);
  const names = entries.filter((name) => !name.startsWith(".."));
  if (entries.length !== names.length + 2 || names.length !== files.size) return false;
  for (const [name, content] of files) {
    const present = await readFile(join(folder, name)).catch(() => undefined);
    if (present === undefined || !present.equals(content)) return false;
  }
  return true;
}
