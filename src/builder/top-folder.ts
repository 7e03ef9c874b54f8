/**
 * Archives of a folder instead of its content (as GitHub's and many file managers make) have everything below one top
 * folder. That folder is taken away when it clearly is the project itself.
 */

import type { ArchiveEntry } from "./archive-index.ts";

/** One of these directly in a folder says: this is where the project starts. */
const PROJECT_MARKERS: readonly string[] = [
  "slipway.yml",
  "funko.yml",
  "Dockerfile",
  "Dockerfile.j2",
  "runtime.yml",
  "package.json",
  "requirements.txt",
  "pyproject.toml",
  "index.html",
  "index.js",
  "handle.py",
  "go.mod",
  "Cargo.toml",
  "shard.yml",
  "Gemfile",
  "composer.json",
  "pom.xml",
];

/** Names a project gives to its own parts; a runtime's Dockerfile may say `COPY src .` and must find it. */
const PART_NAMES: readonly string[] = ["src", "app", "lib", "public", "static", "dist", "build", "www", "site", "html"];

/** The entries without their common top folder, or as they were. Order is kept. */
export function stripTopFolder(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const top = entries[0]?.path.split("/")[0] ?? "";
  const prefix = `${top}/`;
  if (PART_NAMES.includes(top) || !entries.every((entry) => entry.path.startsWith(prefix))) return entries;
  if (!entries.some((entry) => PROJECT_MARKERS.includes(entry.path.slice(prefix.length)))) return entries;
  // Links stay right: their targets are relative, and one that climbs to the top folder itself still ends at the root.
  if (entries.some((entry) => entry.kind === "link" && climbsAbove(entry.path.slice(prefix.length), entry.target))) {
    return entries;
  }
  return entries.map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) }));
}

function climbsAbove(path: string, target: string): boolean {
  const climbs = target.split("/").filter((name) => name === "..").length;
  return climbs > path.split("/").length - 1;
}
