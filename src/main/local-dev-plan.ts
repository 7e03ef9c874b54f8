/** What `slipway dev` makes of a change: which paths changed, and whether the running copy can take them. Pure. */

import { MANIFEST_FILES } from "../domain/manifest.ts";
import type { Runtime } from "../domain/runtime.ts";
import { parseIgnoreRules } from "../lib/ignore-rules.ts";

/** A folder at one moment: what tells whether an entry is still the same, by path. */
export type FolderSnapshot = ReadonlyMap<string, string>;

export type FolderChange = {
  /** New or other than before, sorted. */
  readonly changed: readonly string[];
  /** Sorted. */
  readonly deleted: readonly string[];
};

/** Paths that decide how the image is made, whatever the runtime says. */
const ALWAYS_REBUILD = [...MANIFEST_FILES, "Dockerfile", ".dockerignore", ".slipwayignore"];

/** Undefined when nothing has changed. */
export function changeBetween(before: FolderSnapshot, after: FolderSnapshot): FolderChange | undefined {
  const changed = [...after].filter(([path, mark]) => before.get(path) !== mark).map(([path]) => path);
  const deleted = [...before.keys()].filter((path) => !after.has(path));
  if (changed.length === 0 && deleted.length === 0) return undefined;
  return { changed: changed.sort(), deleted: deleted.sort() };
}

/** Two changes, one after the other, as one. */
export function joinChanges(first: FolderChange, second: FolderChange): FolderChange {
  const changed = new Set([...first.changed.filter((path) => !second.deleted.includes(path)), ...second.changed]);
  const deleted = new Set([...first.deleted.filter((path) => !second.changed.includes(path)), ...second.deleted]);
  return { changed: [...changed].sort(), deleted: [...deleted].sort() };
}

/** `reload`: the files go into the running copy, which is restarted; `rebuild`: another image takes its place. */
export function planChange(change: FolderChange, reload: Runtime["reload"]): "reload" | "rebuild" {
  if (reload === null) return "rebuild";
  const rules = parseIgnoreRules([...ALWAYS_REBUILD, ...reload.rebuildOn].join("\n"));
  const needsBuild = [...change.changed, ...change.deleted].some((path) => rules.isIgnored(path, false));
  return needsBuild ? "rebuild" : "reload";
}
