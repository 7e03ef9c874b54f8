/** What `buildBaseImages` needs to know of this machine: its Debian release and mirrors, its Node and its npm. */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../domain/errors.ts";
import { run } from "../lib/run.ts";
import type { BaseImagesOptions, DebianBaseOptions } from "./base-images.ts";
import { hostSettingsOf } from "./host-settings.ts";
import { type HostPlaces, readHostFacts } from "./read-host-facts.ts";

/** Taken where the host is not Debian itself. */
const DEFAULT_SUITE = "bookworm";
/** Where Node's npm is, seen from Node's binary, and where packages of distributions put it. */
const NPM_FOLDERS = ["/usr/lib/node_modules/npm", "/usr/local/lib/node_modules/npm", "/usr/share/nodejs/npm"];

/** @throws AppError `unavailable` when this machine has no npm */
export async function hostBaseOptions(
  places: HostPlaces,
  workFolder: string,
): Promise<Omit<BaseImagesOptions, "engine" | "images">> {
  return {
    ...(await hostDebianOptions(places, workFolder)),
    nodePath: process.execPath,
    npmFolder: await findNpm(),
  };
}

/** The part of it that the Debian image alone needs. */
export async function hostDebianOptions(
  places: HostPlaces,
  workFolder: string,
): Promise<Omit<DebianBaseOptions, "engine" | "images">> {
  const facts = await readHostFacts(places);
  const suite = debianSuite(await readFile(join(places.root, "etc/os-release"), "utf8").catch(() => ""));
  return {
    hostSettings: hostSettingsOf(facts),
    suite: suite ?? DEFAULT_SUITE,
    aptSources: suite === undefined ? "" : facts.aptSources,
    workFolder,
  };
}

/** The release's code name in os-release, when it is a Debian. */
export function debianSuite(osRelease: string): string | undefined {
  if (!/^ID="?debian"?$/m.test(osRelease)) return undefined;
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1];
}

async function findNpm(): Promise<string> {
  const beside = join(process.execPath, "../../lib/node_modules/npm");
  for (const folder of [beside, ...NPM_FOLDERS, await globalNpm()]) {
    if (folder !== "" && (await isNpm(folder))) return folder;
  }
  throw new AppError("unavailable", "npm is missing on this machine; the Node base image needs it.", {
    remedy: "Install npm (`apt-get install npm`, or Node's own package) and try again.",
  });
}

async function globalNpm(): Promise<string> {
  const root = await run("npm", ["root", "--global"], { timeoutMs: 30_000 }).catch(() => undefined);
  return root?.exitCode === 0 ? join(root.stdout.trim(), "npm") : "";
}

async function isNpm(folder: string): Promise<boolean> {
  return stat(join(folder, "bin/npm-cli.js")).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
