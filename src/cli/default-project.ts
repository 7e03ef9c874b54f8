/**
 * The project that commands mean when they name none: SLIPWAY_PROJECT, else what `slipway project use` stored for that
 * server, in project.json beside the login.
 */

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../domain/errors.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import type { CliDeps } from "./cli-deps.ts";
import { credentialsPath } from "./credentials.ts";

type Place = Pick<CliDeps, "env" | "homeDir">;
/** Slugs by the address of the server. */
type Stored = Readonly<Record<string, string>>;

/** Slug, name or id; undefined: nobody said. @throws AppError `invalid` when what is stored can't be read */
export async function defaultProject(place: Place, url: string): Promise<string | undefined> {
  return place.env.SLIPWAY_PROJECT || (await load(place))[url];
}

/** Null forgets it. */
export async function storeDefaultProject(place: Place, url: string, slug: string | null): Promise<void> {
  const { [url]: _, ...others } = await load(place);
  const path = pathOf(place);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = slug === null ? others : { ...others, [url]: slug };
  await writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`, 0o600);
}

function pathOf(place: Place): string {
  return join(dirname(credentialsPath(place)), "project.json");
}

async function load(place: Place): Promise<Stored> {
  const path = pathOf(place);
  try {
    const stored: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isStored(stored)) return stored;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw unusable(path, error);
  }
  throw unusable(path, undefined);
}

function isStored(value: unknown): value is Stored {
  return typeof value === "object" && value !== null && Object.values(value).every((slug) => typeof slug === "string");
}

function unusable(path: string, cause: unknown): AppError {
  return new AppError("invalid", `The stored project in ${path} can't be read.`, {
    cause,
    remedy: "Remove that file, then choose again: slipway project use NAME",
  });
}
