/** What the image of a preset is made of: a folder below src/presets/ with a Dockerfile and what that copies. */

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ContextPart } from "./context-tar.ts";

/** Raised when the same recipe is to give another image. */
const RECIPE_VERSION = 1;

export type PresetRecipe = {
  readonly dockerfile: string;
  /** Everything in the folder besides, sorted by name. */
  readonly parts: readonly ContextPart[];
  /** SHA-256 (hex) over all of it. */
  readonly hash: string;
};

/** Flat: a recipe's folder has no folders. */
export async function readPresetRecipe(folder: string): Promise<PresetRecipe> {
  const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8");
  const names = (await readdir(folder)).filter((name) => name !== "Dockerfile").sort();
  const parts = names.map((name) => ({ from: join(folder, name), to: name }));
  const hash = createHash("sha256").update(JSON.stringify([RECIPE_VERSION, dockerfile]));
  for (const { from, to } of parts) {
    const isExecutable = ((await stat(from)).mode & 0o100) !== 0;
    const content = createHash("sha256")
      .update(await readFile(from))
      .digest("hex");
    hash.update(JSON.stringify([to, isExecutable, content]));
  }
  return { dockerfile, parts, hash: hash.digest("hex") };
}
