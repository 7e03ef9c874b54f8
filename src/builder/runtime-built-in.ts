/** The runtimes that come with Slipway: one folder each, and names that stand for another. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, isAppError } from "../domain/errors.ts";
import type { Runtime } from "../domain/runtime.ts";
import { openRuntimeFolder } from "./runtime-folder.ts";

/** Names that stand for another built-in runtime. */
const ALIASES: Readonly<Record<string, string>> = { default: "node" };

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

async function readBuiltIn(root: string, name: string): Promise<Runtime> {
  try {
    return (await openRuntimeFolder(join(root, name), { name, origin: "builtin", path: name })).runtime;
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    throw new AppError("internal", `The built-in runtime ${name} is malformed: ${cause.message}`, { cause });
  }
}
