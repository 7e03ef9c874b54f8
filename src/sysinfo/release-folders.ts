/**
 * Releases beside each other, as script/install lays them out: `<prefix>/releases/<name>/`, and the link
 * `<prefix>/current` to the one that serves. Changing the link is the whole switch.
 */

import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../domain/errors.ts";
import { randomHex } from "../lib/ids.ts";
import { unpackRelease } from "./unpack-release.ts";

/** The serving one and the two before it. */
const KEPT = 3;
const NODE = ".tools/node/bin/node";
const NEEDED = [
  "bin/slipway",
  "src/main/main.ts",
  "src/main/control-process.ts",
  "src/main/worker-process.ts",
  "node_modules",
];

/** `<prefix>/current` when children of the server start from it, else undefined. */
export async function findCurrentLink(codeDir: string | undefined): Promise<string | undefined> {
  if (codeDir === undefined) return undefined;
  const target = await readlink(codeDir).catch(() => undefined);
  return target !== undefined && /^releases\/[^/]+$/.test(target) ? codeDir : undefined;
}

export class ReleaseFolders {
  readonly #link: string;
  readonly #releases: string;

  /** @param currentLink as of `findCurrentLink` */
  constructor(currentLink: string) {
    this.#link = currentLink;
    this.#releases = join(dirname(currentLink), "releases");
  }

  /** Where a file of that name may be put meanwhile. */
  partialPath(name: string): string {
    return join(this.#releases, `.partial-${name}`);
  }

  /** What the link leads to, such as `releases/1.2.3-0123456789ab`. */
  async current(): Promise<string> {
    return readlink(this.#link);
  }

  /**
   * Makes a release folder out of a tarball; one that is there already is taken. Answers what the link is to lead to.
   * @throws AppError `invalid` when it is not that version, or lacks a part
   */
  async add(archive: string, version: string, sha256: string): Promise<string> {
    const name = `${version.replace(/[^0-9A-Za-z.-]/g, "-")}-${sha256.slice(0, 12)}`;
    const target = `releases/${name}`;
    if ((await lstat(join(this.#releases, name)).catch(() => undefined)) !== undefined) return target;
    const partial = this.partialPath(randomHex(6));
    try {
      await unpackRelease(archive, partial);
      const folder = await programFolder(partial);
      await requireRelease(folder, version);
      await this.#addNode(folder);
      await rename(folder, join(this.#releases, name));
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return target;
  }

  /** From this moment on new children of the server run that release. Never a moment without the link. */
  async switchTo(target: string): Promise<void> {
    const temporary = `${this.#link}.new-${randomHex(6)}`;
    await symlink(target, temporary);
    await rename(temporary, this.#link);
    const now = new Date();
    await utimes(join(dirname(this.#link), target), now, now);
  }

  /** The program of a release, for running it. */
  binOf(target: string): string {
    return join(dirname(this.#link), target, "bin/slipway");
  }

  async remove(target: string): Promise<void> {
    await rm(join(dirname(this.#link), target), { recursive: true, force: true });
  }

  /** The newest stay, and those that a process still runs from. */
  async removeOld(): Promise<void> {
    const serving = (await this.current()).slice("releases/".length);
    const names = (await readdir(this.#releases)).filter((name) => name !== serving);
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#releases, name))).mtimeMs })),
    );
    const inUse = await executables();
    for (const { name } of aged.sort((a, b) => b.at - a.at).slice(KEPT - 1)) {
      const folder = join(this.#releases, name);
      if (!inUse.some((path) => path.startsWith(`${folder}/`))) await rm(folder, { recursive: true, force: true });
    }
  }

  /** A tarball is for every machine, so it brings no Node; the present one's is taken. */
  async #addNode(folder: string): Promise<void> {
    const present = join(this.#link, NODE);
    if ((await stat(join(folder, NODE)).catch(() => undefined)) !== undefined) return;
    if ((await stat(present).catch(() => undefined)) === undefined) return;
    await mkdir(dirname(join(folder, NODE)), { recursive: true, mode: 0o755 });
    await copyFile(present, join(folder, NODE));
    await chmod(join(folder, NODE), 0o755);
  }
}

/** The folder itself, or the only one in it: archives often have one around everything. */
async function programFolder(folder: string): Promise<string> {
  const names = await readdir(folder);
  const [only] = names;
  return names.length === 1 && only !== undefined && only !== "bin" ? join(folder, only) : folder;
}

async function requireRelease(folder: string, version: string): Promise<void> {
  for (const part of NEEDED) {
    if ((await stat(join(folder, part)).catch(() => undefined)) === undefined)
      throw new AppError("invalid", `The release has no ${part}: it is not what script/release packs.`);
  }
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8").catch(() => "{}"));
  const found = (manifest as { version?: unknown }).version;
  if (found !== version) throw new AppError("invalid", `The release says that it is ${String(found)}, not ${version}.`);
}

/** What the processes of this machine run, as far as this one may know. */
async function executables(): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const paths = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/exe`).catch(() => "")));
  return paths.map((path) => path.replace(/ \(deleted\)$/, ""));
}
