/** Reads what this host says about registries and certificates. Nothing of it is an error: what can't be read is not there. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { run } from "../lib/run.ts";
import { type AptArchive, oneLineSources, parseAptSources } from "./apt-sources.ts";
import { aptFacts, npmFacts, pipFacts } from "./registry-facts.ts";

/** Settings by the names their tools use. Empty parts mean: the host has nothing special. */
export type HostFacts = {
  /** PEM bundle with everything the host trusts, or empty. */
  readonly certificates: string;
  readonly npm: Readonly<Record<string, string>>;
  readonly pip: Readonly<Record<string, string>>;
  readonly apt: Readonly<Record<string, string>>;
  /** `sources.list` of the host's Debian mirrors; empty when it uses Debian's own. */
  readonly aptSources: string;
};

export type HostPlaces = {
  /** `/`, but for tests. */
  readonly root: string;
  /** The user's home, absolute. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** A bundle with fewer certificates is an addition to the public ones, not a replacement for them. */
const FULL_BUNDLE_CERTIFICATES = 50;
const NPM_GLOBAL_FILES = ["usr/local/etc/npmrc", "usr/etc/npmrc", "etc/npmrc"];

export async function readHostFacts(places: HostPlaces): Promise<HostFacts> {
  const { root, home, env } = places;
  const inRoot = (path: string): string => join(root, path);
  const npmFiles = [...NPM_GLOBAL_FILES.map(inRoot), env.NPM_CONFIG_USERCONFIG ?? join(home, ".npmrc")];
  const npm = npmFacts(await readAll(npmFiles), env);
  const pipFiles = [inRoot("etc/pip.conf"), join(home, ".pip/pip.conf"), join(home, ".config/pip/pip.conf")];
  const archives = await readAptArchives(inRoot("etc/apt"));
  return {
    certificates: await readCertificates(npm.cafile, env),
    npm: npm.settings,
    pip: pipFacts(await readAll(pipFiles), env),
    apt: aptFacts(await readAptConfig()),
    aptSources: oneLineSources(archives),
  };
}

async function readCertificates(cafile: string | undefined, env: HostPlaces["env"]): Promise<string> {
  for (const path of [env.NODE_EXTRA_CA_CERTS, cafile, env.SSL_CERT_FILE]) {
    const text = path === undefined ? "" : await readText(path);
    const count = text.split("-----BEGIN CERTIFICATE-----").length - 1;
    if (count >= FULL_BUNDLE_CERTIFICATES) return text;
    if (count > 0) return `${text}\n${rootCertificates.join("\n")}\n`;
  }
  return "";
}

async function readAptArchives(folder: string): Promise<readonly AptArchive[]> {
  const parts = join(folder, "sources.list.d");
  const names = await readdir(parts).catch(() => []);
  const paths = [join(folder, "sources.list"), ...names.sort().map((name) => join(parts, name))];
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await readText(path) })));
  return files.flatMap(({ path, text }) => parseAptSources(text, path.endsWith(".sources")));
}

async function readAptConfig(): Promise<string> {
  try {
    return (await run("apt-config", ["dump", "Acquire"], { timeoutMs: 10_000 })).stdout;
  } catch {
    // No apt on this host: nothing to hand over.
    return "";
  }
}

async function readAll(paths: readonly string[]): Promise<readonly string[]> {
  return Promise.all(paths.map(readText));
}

/** Empty when it is not there or may not be read. */
async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
