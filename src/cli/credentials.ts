/**
 * What `slipway login` keeps: the server's address and a token, in ~/.config/slipway/config.json (XDG_CONFIG_HOME
 * honoured), readable by its owner alone and written whole or not at all.
 */

import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../domain/errors.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import type { CliDeps } from "./cli-deps.ts";

export type Credentials = { readonly url: string; readonly token: string };
type Place = Pick<CliDeps, "env" | "homeDir">;

export function credentialsPath(place: Place): string {
  return join(credentialsFolder(place), "config.json");
}

/** What is stored, or undefined. @throws AppError `invalid` when the file is there and can't be used */
export async function loadCredentials(place: Place): Promise<Credentials | undefined> {
  const path = credentialsPath(place);
  try {
    const stored: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isCredentials(stored)) return stored;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(path, error);
  }
  throw unusable(path, undefined);
}

export async function saveCredentials(place: Place, credentials: Credentials): Promise<void> {
  const folder = credentialsFolder(place);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await writeFileAtomic(credentialsPath(place), `${JSON.stringify(credentials, null, 2)}\n`, 0o600);
}

/** Idempotent. */
export async function removeCredentials(place: Place): Promise<void> {
  await rm(credentialsPath(place), { force: true });
}

/** XDG says that a path which is not absolute is to be ignored. */
function credentialsFolder({ env, homeDir }: Place): string {
  const configHome = env.XDG_CONFIG_HOME;
  return join(configHome?.startsWith("/") ? configHome : join(homeDir, ".config"), "slipway");
}

function isCredentials(value: unknown): value is Credentials {
  return (
    typeof value === "object" &&
    value !== null &&
    "url" in value &&
    "token" in value &&
    typeof value.url === "string" &&
    typeof value.token === "string"
  );
}

function unusable(path: string, cause: unknown): AppError {
  return new AppError("invalid", `The stored login in ${path} can't be read.`, {
    cause,
    remedy: "Remove it with `slipway logout`, then log in again.",
  });
}
