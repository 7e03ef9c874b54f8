/** A function's whole build context as a folder, for plain `docker build` and `docker run`. */

import { createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { localBaseOf } from "../builder/base-image-names.ts";
import { argDefault } from "../builder/dockerfile.ts";
import { openStage, planStage, type Stage } from "../builder/stage.ts";
import type { ImageInfo } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import type { SourceFiles } from "../domain/source.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { type BaseTwin, exportReadme } from "./local-export-readme.ts";
import type { OpenedFolder } from "./local-folder.ts";
import { localSettingsOf } from "./local-settings.ts";

export type ExportParts = {
  readonly sources: SourceFiles;
  /** Undefined when there is none or the engine is away. */
  readonly findImage: (reference: string) => Promise<ImageInfo | undefined>;
};

/** Whole or not at all. Answers notes for people. @throws AppError `conflict` when `destination` is there */
export async function exportFolder(
  fn: OpenedFolder,
  destination: string,
  { sources, findImage }: ExportParts,
): Promise<readonly string[]> {
  await requireFree(destination);
  const stage = await planStage(sources, fn.sourceId, fn.runtimeFiles);
  const base = await chooseBase(stage.dockerfile, findImage);
  await makeFolder(dirname(destination));
  const work = await mkdtemp(`${destination}.`);
  try {
    await unpack(stage, work);
    if (base !== undefined) await writeFile(join(work, "Dockerfile"), withBase(stage.dockerfile, base.local));
    const names = await writeReadme(fn, stage, work, base);
    await chmod(work, 0o755);
    await requireFree(destination);
    await rename(work, destination);
    return [...(base === undefined ? [] : [baseNote(base)]), `how to build and run it: ${join(destination, names)}`];
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

async function chooseBase(dockerfile: string, findImage: ExportParts["findImage"]): Promise<BaseTwin | undefined> {
  const published = argDefault(dockerfile, "BASE_IMAGE");
  const local = published === undefined ? undefined : localBaseOf(published);
  if (published === undefined || local === undefined) return undefined;
  const [hasPublished, hasLocal] = await Promise.all([findImage(published), findImage(local)]);
  return hasPublished === undefined && hasLocal !== undefined ? { published, local } : undefined;
}

function withBase(dockerfile: string, image: string): string {
  return dockerfile.replace(/^([ \t]*ARG[ \t]+BASE_IMAGE=).*$/im, (_, start: string) => `${start}${image}`);
}

function baseNote({ published, local }: BaseTwin): string {
  return `it builds on ${local}, this machine's own; elsewhere: docker build --build-arg BASE_IMAGE=${published} .`;
}

async function unpack(stage: Stage, folder: string): Promise<void> {
  const tar = Readable.from(openStage(stage, "")).pipe(extract());
  for await (const entry of tar) {
    const { name, type, mode = 0o644, linkname = "" } = entry.header;
    const path = join(folder, name);
    await mkdir(type === "directory" ? path : dirname(path), { recursive: true });
    if (type === "symlink") await symlink(linkname, path);
    else if (type === "file") {
      await pipeline(entry, createWriteStream(path));
      await chmod(path, mode);
    }
    if (type !== "file") entry.resume();
  }
}

/** Beside a README of the function's own it has another name, and it never gets into the image. Answers its name. */
async function writeReadme(fn: OpenedFolder, stage: Stage, work: string, base: BaseTwin | undefined): Promise<string> {
  const taken = new Set([...fn.paths, ...stage.runtimeFiles.map(({ path }) => path)]);
  const name = taken.has("README.md") ? "README.docker.md" : "README.md";
  const runtime = fn.runtimeFiles?.runtime;
  const settings = localSettingsOf(fn.settings, runtime, undefined);
  await writeFile(join(work, name), exportReadme(fn.name, settings, base));
  await writeFile(join(work, ".dockerignore"), `\n${name}\n`, { flag: "a" });
  return name;
}

async function requireFree(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  if (!isThere) return;
  throw new AppError("conflict", `${path} is there already.`, { remedy: "Name a folder that does not exist yet." });
}
