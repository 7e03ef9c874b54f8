/**
 * A runtime as a folder: README.md, runtime.yml, `Dockerfile` or `Dockerfile.j2`, template/, and further files for the
 * build context. Built-in ones, registered ones and any folder of that shape are read here.
 */

import { isUtf8 } from "node:buffer";
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { AppError } from "../domain/errors.ts";
import type { ContextFile, Runtime, RuntimeContext, RuntimeFiles } from "../domain/runtime.ts";
import { parseDockerfile } from "./dockerfile.ts";
import { renderTemplate, TEMPLATE_ENDING, type TemplateContext } from "./render-template.ts";
import { FAASO_SETTINGS, parseRuntimeYml, RUNTIME_YML } from "./runtime-yml.ts";

const README = "README.md";
const DOCKERFILE = "Dockerfile";
const DOCKERFILE_TEMPLATE = `${DOCKERFILE}${TEMPLATE_ENDING}`;
/** What `slipway new` copies. */
const TEMPLATE_FOLDER = "template";
/** What describes the runtime and is no part of a build context. */
const OWN_NAMES = [README, RUNTIME_YML, DOCKERFILE, DOCKERFILE_TEMPLATE, TEMPLATE_FOLDER];
/** Never a runtime's: of the version control it is kept in. */
const LITTER = [".git", ".DS_Store"];

export type RuntimeFolder = {
  readonly runtime: Runtime;
  /** Absolute path. */
  readonly folder: string;
  /** `Dockerfile` or `Dockerfile.j2`; the template wins. */
  readonly dockerfileName: string;
  /** Paths of all its files, sorted. */
  readonly paths: readonly string[];
  /** Image that stands in for the Dockerfile's `ARG BASE_IMAGE`. */
  readonly base: string | undefined;
};

/** How a folder is known; all of it can be left out for a folder at hand. */
export type FolderIdentity = Partial<Pick<Runtime, "name" | "origin" | "path" | "createdAt" | "updatedAt">>;

/**
 * Reads what a folder says of itself; its templates are not rendered yet. Without a name it is called like the folder.
 * @throws AppError `not_found` when there is no such folder, `invalid` when it is no runtime, naming file and key
 */
export async function openRuntimeFolder(folder: string, identity: FolderIdentity = {}): Promise<RuntimeFolder> {
  const paths = await listFiles(folder);
  const dockerfileName = [DOCKERFILE_TEMPLATE, DOCKERFILE].find((name) => paths.includes(name));
  if (dockerfileName === undefined) {
    throw new AppError("invalid", `${basename(folder)} is no runtime: it has neither Dockerfile nor Dockerfile.j2.`, {
      remedy: "Add one to the folder's top; docs/guides/add-a-runtime.md says what a runtime holds.",
    });
  }
  const { base, ...settings } = paths.includes(RUNTIME_YML)
    ? parseRuntimeYml(await readFile(join(folder, RUNTIME_YML), "utf8"))
    : FAASO_SETTINGS;
  const readme = paths.includes(README) ? await readFile(join(folder, README), "utf8") : "";
  const runtime: Runtime = {
    name: basename(folder),
    origin: "uploaded",
    path: folder,
    createdAt: 0,
    updatedAt: 0,
    ...identity,
    shape: "folder",
    description: (readme.split("\n")[0] ?? "").replace(/^#+\s*/, "").trim(),
    ...settings,
  };
  return { runtime, folder, dockerfileName, paths, base };
}

/** Its Dockerfile and context files, rendered. @throws AppError `invalid` naming the template and line */
export async function readRuntimeFiles(opened: RuntimeFolder, context: RuntimeContext): Promise<RuntimeFiles> {
  const { runtime, dockerfileName, paths, base } = opened;
  const values = contextOf(runtime, context);
  const [{ content }] = await readRendered(opened, [dockerfileName], values);
  const written = withBase(Buffer.from(content).toString("utf8"), base);
  if (!parseDockerfile(written).some(({ keyword }) => keyword === "FROM")) {
    throw new AppError("invalid", `${dockerfileName}: this is no Dockerfile: it has no FROM instruction`);
  }
  const extra = paths.filter((path) => !OWN_NAMES.includes(path.split("/")[0] ?? ""));
  return { runtime, dockerfile: written, files: await readRendered(opened, extra, values) };
}

/** What a new function starts with, rendered, paths below its folder. Empty when the runtime has no template. */
export async function readTemplate(opened: RuntimeFolder, context: RuntimeContext): Promise<readonly ContextFile[]> {
  const start = `${TEMPLATE_FOLDER}/`;
  const paths = opened.paths.filter((path) => path.startsWith(start));
  const files = await readRendered(opened, paths, contextOf(opened.runtime, context));
  return files.map((file) => ({ ...file, path: file.path.slice(start.length) }));
}

/** All of its files as they lie there, sorted by path. */
export async function readRawFiles({ folder, paths }: RuntimeFolder): Promise<readonly ContextFile[]> {
  return Promise.all(paths.map((path) => readContextFile(folder, path)));
}

/** True when `slipway new` finds something to copy. */
export function hasTemplate({ paths }: Pick<RuntimeFolder, "paths">): boolean {
  return paths.some((path) => path.startsWith(`${TEMPLATE_FOLDER}/`));
}

/** The runtime's options hold where the function does not give its own. */
function contextOf(runtime: Runtime, { name, options }: RuntimeContext): TemplateContext {
  return { name, runtime: runtime.name, options: { ...runtime.options, ...options } };
}

/** Files by path; one that is there both plain and as a template is made from the template. */
async function readRendered<const P extends readonly string[]>(
  { folder }: RuntimeFolder,
  paths: P,
  values: TemplateContext,
): Promise<{ readonly [K in keyof P]: ContextFile }> {
  const plain = paths.filter((path) => !paths.includes(`${path}${TEMPLATE_ENDING}`));
  const files: ContextFile[] = [];
  // One by one: after a template that can't be rendered no other is tried.
  for (const path of plain) {
    const file = await readContextFile(folder, path);
    files.push(path.endsWith(TEMPLATE_ENDING) ? await rendered(file, values) : file);
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1)) as unknown as { readonly [K in keyof P]: ContextFile };
}

async function rendered({ path, mode, content }: ContextFile, values: TemplateContext): Promise<ContextFile> {
  if (!isUtf8(content)) throw new AppError("invalid", `${path}: is no UTF-8 text, so it can't be a template`);
  const text = await renderTemplate(path, Buffer.from(content).toString("utf8"), values);
  return { path: path.slice(0, -TEMPLATE_ENDING.length), mode, content: Buffer.from(text) };
}

/** @throws AppError `invalid` when there is nothing to replace */
function withBase(dockerfile: string, base: string | undefined): string {
  if (base === undefined) return dockerfile;
  const replaced = dockerfile.replace(/^[ \t]*ARG[ \t]+BASE_IMAGE(?:=.*)?$/im, () => `ARG BASE_IMAGE=${base}`);
  if (replaced !== dockerfile || dockerfile.includes(`ARG BASE_IMAGE=${base}`)) return replaced;
  throw new AppError("invalid", `${RUNTIME_YML}: base: the Dockerfile has no ARG BASE_IMAGE that it could stand for`);
}

async function readContextFile(folder: string, path: string): Promise<ContextFile> {
  const { mode } = await stat(join(folder, path));
  // Only what a checkout keeps: the other bits depend on somebody's umask.
  return { path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content: await readFile(join(folder, path)) };
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await entriesOf(folder);
  return entries
    .filter((entry) => entry.isFile() && !LITTER.includes(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !LITTER.includes(path.split("/")[0] ?? ""))
    .sort();
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw cause;
    throw new AppError("not_found", `There is no runtime folder ${folder}.`, { cause });
  }
}
