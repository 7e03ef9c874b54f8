/** The parts of the local workshop that talk to the engine, opened once. Opening them needs no engine. */

import { hostSettingsOf } from "../builder/host-settings.ts";
import { readHostFacts } from "../builder/read-host-facts.ts";
import { DockerBuildEngine } from "../docker/build-engine.ts";
import { DockerClient } from "../docker/docker-client.ts";
import { DockerImages } from "../docker/docker-images.ts";
import { EngineNames } from "../docker/engine-names.ts";
import { DockerLocalContainers } from "../docker/local-containers.ts";
import { untagImage } from "../docker/local-images.ts";
import { RegistryTransfers } from "../docker/registry-transfers.ts";
import type { ImageInfo } from "../domain/driver.ts";
import { LABELS } from "../domain/labels.ts";

/** What local images carry as their server: no server's id, so none touches them. */
export const LOCAL_SERVER = "local";
const LOCAL_PREFIX = "slipway-local";

export type LocalEngine = ReturnType<typeof openLocalEngine>;

export function openLocalEngine(socketPath: string, env: Readonly<Record<string, string | undefined>>, home: string) {
  const client = new DockerClient({ socketPath });
  const images = new DockerImages(client, new EngineNames(LOCAL_PREFIX, LOCAL_SERVER));
  return {
    client,
    images,
    builds: new DockerBuildEngine(client),
    containers: new DockerLocalContainers(client),
    untag: (tag: string) => untagImage(client, tag),
    registries: new RegistryTransfers(client),
    readHostSettings: async () => hostSettingsOf(await readHostFacts({ root: "/", home, env })),
    /** Images of local functions (of one, or of all), newest first. */
    async imagesOf(name?: string): Promise<readonly ImageInfo[]> {
      const own = await images.listImages({ mine: true, ...(name !== undefined && { serviceId: serviceIdOf(name) }) });
      return own.filter(({ labels }) => functionOf(labels) !== undefined);
    },
  };
}

/** What local images carry as their service. */
export function serviceIdOf(name: string): string {
  return `local-${name}`;
}

/** Name of the local function that an image of these labels was built for. */
export function functionOf(labels: Readonly<Record<string, string>>): string | undefined {
  return /^local-(.+)$/.exec(labels[LABELS.service] ?? "")?.[1];
}
