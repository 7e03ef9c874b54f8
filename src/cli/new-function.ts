/** The files of a new function: a runtime's template, and a manifest that editors can check while one types. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { AppError } from "../domain/errors.ts";
import { MANIFEST_FILES } from "../domain/manifest.ts";
import type { ContextFile } from "../domain/runtime.ts";
import type { Workshop } from "../domain/workshop.ts";
import { makeFolder } from "../lib/make-folder.ts";
import type { RuntimeChoice } from "./runtime-choice.ts";
import { unpackRuntime } from "./unpack-runtime.ts";

const RUNTIME_LINE = /^runtime:.*$/m;
const SCHEMA_LINE = /^# yaml-language-server:.*\n/;

/** What the runtime's template makes for a function called `name` in `folder` (absolute), sorted by path. */
export async function templateFiles(
  choice: RuntimeChoice,
  name: string,
  folder: string,
  workshop: Workshop,
): Promise<readonly ContextFile[]> {
  if (choice.kind !== "registered") {
    return workshop.runtimes.openTemplate(runtimeWord(choice, folder), { name, cwd: folder });
  }
  const below = await mkdtemp(join(tmpdir(), "slipway-runtime-"));
  try {
    await unpackRuntime(await choice.client.runtimeArchive(choice.name), join(below, choice.name));
    // Below that folder its name is what it is called on the server, and so the manifest's `runtime`.
    return await workshop.runtimes.openTemplate(choice.name, { name, cwd: below });
  } finally {
    await rm(below, { recursive: true, force: true });
  }
}

/** What a manifest in `folder` says about its runtime: its name, or the way to it from there. */
export function runtimeWord(choice: RuntimeChoice, folder: string): string {
  return choice.kind === "folder" ? relative(folder, choice.path) : choice.name;
}

/**
 * The files with a manifest among them that names its schema in its first line, made where the template has none. `runtime`
 * is what it says of its runtime.
 */
export function withManifest(
  files: readonly ContextFile[],
  { name, runtime, serverUrl }: { readonly name: string; readonly runtime: string; readonly serverUrl: string },
): readonly ContextFile[] {
  const line = `# yaml-language-server: $schema=${serverUrl}/api/manifest.schema.json\n`;
  const isThere = files.some(({ path }) => MANIFEST_FILES.some((known) => known === path));
  const made = { path: "slipway.yml", mode: 0o644, content: Buffer.from(`name: ${name}\nruntime: ${runtime}\n`) };
  return (isThere ? files : [...files, made])
    .map((file) => {
      if (!MANIFEST_FILES.some((known) => known === file.path)) return file;
      // A folder's own name is not the way to it.
      const text = Buffer.from(file.content)
        .toString("utf8")
        .replace(RUNTIME_LINE, () => `runtime: ${runtime}`);
      const head = file.path === "slipway.yml" ? line : "";
      return { ...file, content: Buffer.from(head + text.replace(SCHEMA_LINE, "")) };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Makes the folder with the files in it, or nothing. @throws AppError `conflict` when something is there; `invalid` */
export async function writeNewFolder(folder: string, typed: string, files: readonly ContextFile[]): Promise<void> {
  await makeFolder(dirname(folder)).catch((cause: unknown) => {
    throw cannotWrite(typed, cause);
  });
  await mkdir(folder).catch((cause: unknown) => {
    const isTaken = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw isTaken ? alreadyThere(typed) : cannotWrite(typed, cause);
  });
  try {
    for (const { path, mode, content } of files) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), content, { mode, flag: "wx" });
    }
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw cannotWrite(typed, cause);
  }
}

export function alreadyThere(typed: string): AppError {
  return new AppError("conflict", `${typed} is there already; nothing was changed.`, {
    remedy: `Choose another folder, or bring that one up: slipway up ${typed}`,
  });
}

function cannotWrite(typed: string, cause: unknown): AppError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new AppError("invalid", `${typed} can't be made: ${words}.`, {
    cause,
    remedy: "Choose a folder you may write.",
  });
}
