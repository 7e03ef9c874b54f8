/** Debian's own registry (`docker-registry`) as a child of the test: on a free port, one user, its files in a folder of its own. */

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../src/lib/free-port.ts";
import { run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";

export const REGISTRY_USER = { username: "ann", password: "right-password" };
/** The line of `htpasswd -B` for that user. */
const HTPASSWD = "ann:$2b$05$fIyHw/z4WdwD0wdj2UhwDOX26nJla/k6eFfQsnGX.XsP8.waJ3pzC\n";
const LIMIT_MS = 600_000;
/** Where script/test unpacks it; else the machine's own. */
const UNPACKED = join(import.meta.dirname, "../../.tools/registry/usr/bin/docker-registry");

export type TestRegistry = {
  /** `127.0.0.1:<port>`; the engine speaks plain HTTP to it. */
  readonly host: string;
  /** Repositories it has images of, sorted. */
  repositories(): Promise<readonly string[]>;
  close(): Promise<void>;
};

export async function startRegistry(): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-registry-"));
  const host = `127.0.0.1:${await findFreePort()}`;
  await writeFile(join(folder, "htpasswd"), HTPASSWD);
  await writeFile(join(folder, "config.yml"), configOf(folder, host));
  const abort = new AbortController();
  const options = { timeoutMs: LIMIT_MS, signal: abort.signal };
  const ended = run(
    existsSync(UNPACKED) ? UNPACKED : "docker-registry",
    ["serve", join(folder, "config.yml")],
    options,
  ).then(
    ({ stderr }) => new Error(`docker-registry ended: ${stderr}`),
    (error: unknown) => error,
  );
  const ask = (path: string): Promise<Response> => {
    const credentials = Buffer.from(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`).toString("base64");
    return fetch(`http://${host}${path}`, { headers: { authorization: `Basic ${credentials}` } });
  };
  const failed = ended.then((error) => Promise.reject(error));
  await Promise.race([eventually(() => ask("/v2/")), failed]);
  failed.catch(() => undefined);
  return {
    host,
    repositories: async () => {
      const { repositories } = (await (await ask("/v2/_catalog")).json()) as { repositories: readonly string[] };
      return repositories.toSorted();
    },
    async close() {
      abort.abort();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(folder: string, host: string): string {
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: host },
    auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } },
  };
  return JSON.stringify(config);
}
