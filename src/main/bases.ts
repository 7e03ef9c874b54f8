/** `slipway base build`: base images out of this machine's own mirror, Node and npm. */

import { homedir, tmpdir } from "node:os";
import { buildBaseImages, missingBaseImages } from "../builder/base-images.ts";
import { hostBaseOptions } from "../builder/host-base-options.ts";
import type { BaseImageView } from "../cli/cli-deps.ts";
import { DockerBuildEngine } from "../docker/build-engine.ts";
import { DockerClient } from "../docker/docker-client.ts";
import { DockerImages } from "../docker/docker-images.ts";
import { EngineNames } from "../docker/engine-names.ts";
import { readConfig } from "./config.ts";
import { configInput } from "./server.ts";

export async function buildBases(onProgress: (line: string) => void): Promise<readonly BaseImageView[]> {
  const { client, images } = openEngine();
  const host = await hostBaseOptions({ root: "/", home: process.env.HOME ?? homedir(), env: process.env }, tmpdir());
  const made = await buildBaseImages(
    { engine: new DockerBuildEngine(client), images, ...host },
    (text) => onProgress(text.trimEnd()),
    new AbortController().signal,
  );
  return made.map(({ image, wasThere }) => ({ image, wasBuilt: !wasThere }));
}

/** Base images that `buildBases` would have to make. */
export function missingBases(): Promise<readonly string[]> {
  return missingBaseImages(openEngine().images);
}

function openEngine(): { readonly client: DockerClient; readonly images: DockerImages } {
  const config = readConfig(configInput({}, process.env));
  const client = new DockerClient({ socketPath: config.dockerSocket });
  return { client, images: new DockerImages(client, new EngineNames(config.prefix, "base")) };
}
