/**
 * Which server to talk to and as whom: SLIPWAY_URL and SLIPWAY_TOKEN, else what `slipway login` stored, else, on the
 * server's own machine, the passfile and the local address, so that a newcomer there needs no login.
 */

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError, isAppError } from "../domain/errors.ts";
import { ApiClient } from "./api-client.ts";
import type { CliDeps } from "./cli-deps.ts";
import { type Credentials, loadCredentials } from "./credentials.ts";
import { UsageError } from "./exit-codes.ts";

type Place = Pick<CliDeps, "env" | "homeDir" | "cwd">;

const LOCAL_PORT = "8080";
/** The server's own machine answers at once or not at all. */
const LOCAL_LIMIT_MS = 3000;

/** @throws AppError `unauthorized` or `unavailable`, saying what to do, when nothing tells */
export async function findServer(place: Place): Promise<Credentials> {
  const url = place.env.SLIPWAY_URL;
  const token = place.env.SLIPWAY_TOKEN;
  if (url && token) return { url: parseServerUrl(url), token };
  const stored = await loadCredentials(place);
  if (token) return { url: stored?.url ?? localUrl(place.env), token };
  if (url) return withStoredToken(parseServerUrl(url), stored, place);
  return stored ?? findLocalServer(place);
}

/** The origin of an address as people type it: `example.com` is https, `localhost` and addresses with a port http. */
export function parseServerUrl(text: string): string {
  const isBare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const address = isBare ? `${/:\d+(\/|$)|^localhost(\/|$)/.test(text) ? "http" : "https"}://${text}` : text;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`${JSON.stringify(text)} is no address of a server.`, {
      remedy: "Write it as https://slipway.example.com or http://127.0.0.1:8080.",
    });
  }
  return url.origin;
}

/** Where a server on this machine answers, by SLIPWAY_ADDR if that is set. */
export function localUrl(env: CliDeps["env"]): string {
  const port = /:(\d+)$/.exec(env.SLIPWAY_ADDR ?? "")?.[1] ?? LOCAL_PORT;
  return `http://127.0.0.1:${port}`;
}

/** The passkey of a server on this machine, or undefined when there is none that may be read. */
export async function readPassfile(place: Place): Promise<string | undefined> {
  const path = resolve(place.cwd, place.env.SLIPWAY_PASSFILE || join(place.homeDir, ".passfile"));
  try {
    return (await readFile(path, "utf8")).trim() || undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "EACCES", "ENOTDIR"].includes(String(error.code)))
      return undefined;
    throw new AppError("internal", `The passfile ${path} can't be read.`, { cause: error });
  }
}

/** A stored token belongs to the server it was stored for and is sent to no other. */
async function withStoredToken(url: string, stored: Credentials | undefined, place: Place): Promise<Credentials> {
  if (stored?.url === url) return stored;
  const passkey = url === localUrl(place.env) ? await readPassfile(place) : undefined;
  if (passkey !== undefined) return { url, token: passkey };
  throw new AppError("unauthorized", `There is no token for ${url}.`, {
    remedy: `Set SLIPWAY_TOKEN, or run \`slipway login ${url}\`.`,
  });
}

async function findLocalServer(place: Place): Promise<Credentials> {
  const url = localUrl(place.env);
  const token = await readPassfile(place);
  const isUp = await answers(url);
  if (token !== undefined && isUp) return { url, token };
  if (!isUp) {
    throw new AppError("unavailable", `No server is known, and none answers at ${url}.`, {
      remedy: "Start one here with `slipway server`, or use one elsewhere: `slipway login URL`.",
    });
  }
  throw new AppError("unauthorized", `The server at ${url} wants a token.`, {
    remedy: `Log in with its passkey: slipway login ${url}`,
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await new ApiClient(url, undefined).health(LOCAL_LIMIT_MS)).status === "ok";
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}
