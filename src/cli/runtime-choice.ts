/**
 * Which runtime a word means, a name or a folder: built-in ones are known without a server, registered ones when one
 * answers. A word that starts with `.`, `/` or `~` is a folder always; any other is one when no runtime is called so.
 */

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError, isAppError } from "../domain/errors.ts";
import type { Workshop } from "../domain/workshop.ts";
import { nearest } from "../lib/nearest.ts";
import type { ApiClient } from "./api-client.ts";
import type { CliContext } from "./cli-context.ts";

/** A server that does not answer by then is done without. */
const LIST_LIMIT_MS = 3000;

export type ListedRuntime = {
  readonly name: string;
  readonly description: string;
  readonly origin: "builtin" | "uploaded";
};

export type RuntimeChoice =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "registered"; readonly name: string; readonly client: ApiClient }
  /** `path` is absolute. */
  | { readonly kind: "folder"; readonly path: string };

/** Those of the server, none when there is no server or it says no. */
export async function registeredRuntimes(
  context: CliContext,
): Promise<{ readonly client: ApiClient | undefined; readonly runtimes: readonly ListedRuntime[] }> {
  try {
    const client = await context.connect();
    const all = await client.listRuntimes(LIST_LIMIT_MS);
    return { client, runtimes: all.filter(({ origin }) => origin === "uploaded") };
  } catch (error) {
    if (isAppError(error)) return { client: undefined, runtimes: [] };
    throw error;
  }
}

/** Built-in and registered ones, by name; a registered one stands for a built-in of its name. */
export function mergeRuntimes(
  builtin: readonly { readonly name: string; readonly description: string }[],
  registered: readonly ListedRuntime[],
): readonly ListedRuntime[] {
  const all = new Map<string, ListedRuntime>(
    builtin.map((runtime) => [runtime.name, { ...runtime, origin: "builtin" }]),
  );
  for (const { name, description, origin } of registered) all.set(name, { name, description, origin });
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The folder that a word names by its form, absolute; undefined when it may be a name. */
export function folderByForm(word: string, { cwd, homeDir }: { readonly cwd: string; readonly homeDir: string }) {
  if (word === "~" || word.startsWith("~/")) return join(homeDir, word.slice(1));
  return /^[./]/.test(word) || word.includes("/") ? resolve(cwd, word) : undefined;
}

/** @throws AppError `not_found` naming the nearest runtime */
export async function chooseRuntime(word: string, workshop: Workshop, context: CliContext): Promise<RuntimeChoice> {
  const { deps } = context;
  const path = folderByForm(word, deps);
  if (path !== undefined) {
    if (await isFolder(path)) return { kind: "folder", path };
    throw new AppError("not_found", `Can't find runtime ${word}: there is no such folder.`, { remedy: WHAT_THERE_IS });
  }
  const builtin = await workshop.runtimes.list();
  if (builtin.some(({ name }) => name === word)) return { kind: "builtin", name: word };
  const { client, runtimes } = await registeredRuntimes(context);
  if (client !== undefined && runtimes.some(({ name }) => name === word))
    return { kind: "registered", name: word, client };
  const folder = resolve(deps.cwd, word);
  if (await isFolder(folder)) return { kind: "folder", path: folder };
  const near = nearest(
    word,
    [...builtin, ...runtimes].map(({ name }) => name),
  );
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  throw new AppError("not_found", `Can't find runtime ${word}.${hint}`, { remedy: WHAT_THERE_IS });
}

const WHAT_THERE_IS = "`slipway new -r list` shows what there is.";

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
