/** A runtime as a folder: README.md, runtime.yml, Dockerfile, template/, and further files for the build context. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { ContextFile, Runtime } from "../domain/runtime.ts";

/** Files that describe the runtime and are no part of a build context. */
const OWN_FILES = ["README.md", "runtime.yml", "Dockerfile", "template"];

/** Names that stand for another built-in runtime. */
const ALIASES: Readonly<Record<string, string>> = { default: "node" };

const runtimeYml = z.strictObject({
  protocol: z.enum(["http", "message"]),
  port: z.int().min(1).max(65_535).default(8080),
});

/** All runtimes below `folder`, and the aliases. @throws AppError `internal` naming a malformed one */
export async function readBuiltInRuntimes(folder: string): Promise<readonly Runtime[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name);
  const runtimes = await Promise.all(names.map((name) => readBuiltIn(folder, name)));
  const aliases = Object.entries(ALIASES).flatMap(([alias, name]) => {
    const runtime = runtimes.find((r) => r.name === name);
    return runtime === undefined ? [] : [{ ...runtime, name: alias }];
  });
  return [...runtimes, ...aliases];
}

/** The context files of a runtime's folder, sorted by path. */
export async function readRuntimeFiles(folder: string): Promise<readonly ContextFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replace(/^\//, ""))
    .filter((path) => !OWN_FILES.includes(path.split("/")[0] ?? ""))
    .sort();
  return Promise.all(paths.map((path) => readContextFile(folder, path)));
}

async function readContextFile(folder: string, path: string): Promise<ContextFile> {
  const { mode } = await stat(join(folder, path));
  // Only what a checkout keeps: the other bits depend on somebody's umask.
  return { path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content: await readFile(join(folder, path)) };
}

async function readBuiltIn(root: string, name: string): Promise<Runtime> {
  const folder = join(root, name);
  const settings = runtimeYml.safeParse(parse(await readFile(join(folder, "runtime.yml"), "utf8")));
  if (!settings.success) {
    throw new AppError(
      "internal",
      `runtime.yml of the built-in runtime ${name} is malformed: ${z.prettifyError(settings.error)}`,
    );
  }
  const readme = await readFile(join(folder, "README.md"), "utf8");
  return {
    name,
    origin: "builtin",
    shape: "folder",
    path: name,
    description: readme.split("\n")[0]?.trim() ?? "",
    protocol: settings.data.protocol,
    defaultPort: settings.data.port,
    healthPath: null,
    options: {},
    memoryBytes: null,
    codeFile: null,
    reload: null,
    createdAt: 0,
    updatedAt: 0,
  };
}
