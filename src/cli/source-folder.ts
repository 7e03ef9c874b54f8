/**
 * What of a folder is uploaded: everything but .git, caches, installed packages and what .slipwayignore (or, without
 * one, .dockerignore) names. Modes, dotfiles, empty files and links stay. Nothing is read but the list.
 */

import { constants } from "node:fs";
import { access, lstat, readdir, readFile, readlink, realpath } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { AppError } from "../domain/errors.ts";
import { type IgnoreRules, parseIgnoreRules } from "../lib/ignore-rules.ts";

export type FolderEntry = {
  /** Relative, with `/`. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link";
  /** Permission bits. */
  readonly mode: number;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Where a link leads, as it is written. */
  readonly target?: string;
};

export type FolderList = {
  /** Sorted by path. */
  readonly entries: readonly FolderEntry[];
  /** Sockets, devices and the like: they can't be uploaded. */
  readonly skipped: readonly string[];
};

const IGNORE_FILES = [".slipwayignore", ".dockerignore"];
/** The server reads these even when a rule names them, as Docker does with the first two. */
const ALWAYS_KEPT = new Set(["Dockerfile", ".dockerignore", ".slipwayignore", "slipway.yml", "funko.yml"]);
const NEVER_KEPT = ".git";

/** @throws AppError `invalid` naming what can't be read, and links that loop or lead out of the folder */
export async function listFolder(root: string): Promise<FolderList> {
  const walk = new Walk(await realFolder(root), await readRules(root));
  await walk.folder("", false);
  return {
    entries: walk.entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    skipped: walk.skipped.sort(),
  };
}

class Walk {
  readonly entries: FolderEntry[] = [];
  readonly skipped: string[] = [];
  readonly #root: string;
  readonly #rules: IgnoreRules;

  constructor(root: string, rules: IgnoreRules) {
    this.#root = root;
    this.#rules = rules;
  }

  /** `isIgnored`: what holds for everything below unless a rule says otherwise. */
  async folder(path: string, isIgnored: boolean): Promise<void> {
    const names = await readable(path || ".", () => readdir(join(this.#root, path)));
    const skipsPackages = names.includes("package.json");
    for (const name of names.sort()) {
      if (name === NEVER_KEPT) continue;
      const isGenerated = name === "__pycache__" || (name === "node_modules" && skipsPackages);
      await this.#entry(path === "" ? name : `${path}/${name}`, isIgnored || isGenerated);
    }
  }

  async #entry(path: string, otherwise: boolean): Promise<void> {
    const isIgnored = !ALWAYS_KEPT.has(path) && this.#rules.isIgnored(path, otherwise);
    if (isIgnored && !this.#rules.hasExceptions) return;
    const absolute = join(this.#root, path);
    const stat = await readable(path, () => lstat(absolute));
    if (stat.isDirectory()) {
      if (!isIgnored) this.entries.push({ path, kind: "directory", mode: stat.mode & 0o777, size: 0 });
      await this.folder(path, otherwise);
    } else if (isIgnored) {
      return;
    } else if (stat.isSymbolicLink()) {
      this.entries.push({ path, kind: "link", mode: 0o777, size: 0, target: await this.#linkTarget(path) });
    } else if (stat.isFile()) {
      await readable(path, () => access(absolute, constants.R_OK));
      this.entries.push({ path, kind: "file", mode: stat.mode & 0o777, size: stat.size });
    } else {
      this.skipped.push(path);
    }
  }

  async #linkTarget(path: string): Promise<string> {
    const absolute = join(this.#root, path);
    const target = await readlink(absolute);
    const end = await this.#endOf(path);
    const isOutside = isAbsolute(target) || escapes(relative(this.#root, end));
    if (!isOutside) return target;
    throw new AppError("invalid", `The link ${path} leads to ${target}, which is outside the folder.`, {
      remedy: "Put the files themselves into the folder, or list the link in .slipwayignore.",
    });
  }

  /** Where the link ends; for one that leads nowhere, where it points. */
  async #endOf(path: string): Promise<string> {
    const absolute = join(this.#root, path);
    try {
      return await realpath(absolute);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return join(absolute, "..", await readlink(absolute));
      if (systemCode(error) !== "ELOOP") throw cannotRead(path, error);
      throw new AppError("invalid", `The link ${path} leads back to itself.`, {
        cause: error,
        remedy: "Remove it, or list it in .slipwayignore.",
      });
    }
  }
}

async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new AppError("invalid", `${path} is no folder that can be read.`, {
      cause,
      remedy: "Name the folder of a function, or start one: slipway new -r node FOLDER",
    });
  }
}

function escapes(path: string): boolean {
  return path === ".." || path.startsWith("../") || isAbsolute(path);
}

async function readRules(root: string): Promise<IgnoreRules> {
  for (const name of IGNORE_FILES) {
    try {
      return parseIgnoreRules(await readFile(join(root, name), "utf8"));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw cannotRead(name, error);
    }
  }
  return parseIgnoreRules("");
}

async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, cause: unknown): AppError {
  return new AppError("invalid", `${path} can't be read: ${systemCode(cause) ?? String(cause)}.`, {
    cause,
    remedy: "Make it readable, or list it in .slipwayignore.",
  });
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
