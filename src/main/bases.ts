/** `slipway base build`: base images out of this machine's own mirror, Node and npm. */

import { readFile, realpath, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buildBaseImages } from "../builder/base-images.ts";
import { hostSettingsOf } from "../builder/host-settings.ts";
import { readHostFacts } from "../builder/read-host-facts.ts";
import type { BaseImageView } from "../cli/cli-deps.ts";
import { DockerBuildEngine } from "../docker/build-engine.ts";
import { DockerClient } from "../docker/docker-client.ts";
import { DockerImages } from "../docker/docker-images.ts";
import { EngineNames } from "../docker/engine-names.ts";
import { AppError } from "../domain/errors.ts";
import { configInput } from "./server.ts";
import { readConfig } from "./config.ts";

export async function buildBases(onProgress: (line: string) => void): Promise<readonly BaseImageView[]> {
  const config = readConfig(configInput({}, process.env));
  const client = new DockerClient({ socketPath: config.dockerSocket });
  const facts = await readHostFacts({ root: "/", home: process.env["HOME"] ?? homedir(), env: process.env });
  const images = await buildBaseImages(
    {
      engine: new DockerBuildEngine(client),
      images: new DockerImages(client, new EngineNames(config.prefix, "base")),
      hostSettings: hostSettingsOf(facts),
      suite: await debianSuite(),
      aptSources: facts.aptSources,
      nodePath: process.execPath,
      npmFolder: await findNpm(),
      workFolder: tmpdir(),
    },
    (text) => onProgress(text.trimEnd()),
    new AbortController().signal,
  );
  return images.map(({ image, wasThere }) => ({ image, wasBuilt: !wasThere }));
}

/** The release of this machine where it is Debian, else the present stable one. */
async function debianSuite(): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(release)?.[1];
  return (field("ID") === "debian" ? field("VERSION_CODENAME") : undefined) ?? "bookworm";
}

/** The folder of the npm package behind the `npm` on the PATH. @throws AppError `not_found` */
async function findNpm(): Promise<string> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const program = await realpath(join(folder, "npm")).catch(() => undefined);
    if (program === undefined) continue;
    const home = join(program, "../..");
    if ((await stat(join(home, "package.json")).catch(() => undefined)) !== undefined) return home;
  }
  throw new AppError("not_found", "npm is not on the PATH; the node base image needs it.", { remedy: "Install npm (apt-get install npm), then run this again." });
}
