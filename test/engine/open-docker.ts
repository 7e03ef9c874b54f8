/** A Docker driver of a server of its own on the real engine, for one test file's use; leaves nothing behind. */

import Docker from "dockerode";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { DockerDriver } from "../../src/docker/docker-driver.ts";
import type { Logger } from "../../src/domain/logger.ts";
import { newId, randomHex } from "../../src/lib/ids.ts";
import type { DriverHarness, Outside } from "../contract/driver-bench.ts";
import { makeImage } from "./labelled-image.ts";

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export type OpenedDocker = DriverHarness & {
  readonly driver: DockerDriver;
  readonly prefix: string;
  readonly serverId: string;
  /** Makes an image over the test image, which goes with everything else. */
  makeImage(tag: string, changes: readonly string[]): Promise<string>;
};

/** `socketPath`: where the driver finds the engine, when a test stands in between. */
export async function openDocker(options: { readonly socketPath?: string } = {}): Promise<OpenedDocker> {
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  const [serverId, imageServiceId, prefix] = [newId(), newId(), `swtest${randomHex(4)}`];
  const labels = `LABEL slipway.server=${serverId} slipway.service=${imageServiceId} slipway.managed=true`;
  const image = await makeImage(`slipway-test/labelled:${randomHex(6)}`, [labels, "EXPOSE 8080 3000 53/udp"]);
  const made = [image];
  const client = new DockerClient({ socketPath: options.socketPath });
  // A pool of its own, so that files that run at the same time do not want the same addresses.
  const networkPool = `10.${211 + Math.floor(Math.random() * 40)}.${64 * Math.floor(Math.random() * 4)}.0/18`;
  const outside = createOutside(engine, image, prefix);
  return {
    driver: new DockerDriver({
      ...{ client, serverId, prefix, networkPool, logger: silentLogger },
      faasoNetwork: outside.faasoNetwork,
    }),
    outside,
    image,
    imageServiceId,
    prefix,
    serverId,
    networkIndex: Math.floor(Math.random() * 32) * 2,
    makeImage: (tag, changes) => {
      made.push(tag);
      return makeImage(tag, changes);
    },
    close: async () => {
      await outside.close();
      for (const tag of made) await engine.getImage(tag).remove({ force: true });
    },
  };
}

/** Containers of somebody else, named after the prefix where that is allowed; all of it goes at the end. */
function createOutside(engine: Docker, image: string, prefix: string): Outside & { close(): Promise<void> } {
  const [containers, networks]: [string[], string[]] = [[], []];
  return {
    faasoNetwork: `${prefix}-faaso`,
    addNetwork: async (name) => {
      networks.push((await engine.createNetwork({ Name: name })).id);
    },
    start: async (network, name) => {
      const container = await engine.createContainer({
        name,
        Image: image,
        Cmd: ["node", "-e", "setInterval(() => {}, 1e6)"],
        HostConfig: { NetworkMode: network, Init: true },
      });
      containers.push(container.id);
      await container.start();
      return container.id;
    },
    stop: async (id) => {
      containers.splice(containers.indexOf(id), 1);
      await engine.getContainer(id).remove({ force: true, v: true });
    },
    close: async () => {
      await Promise.all(containers.map((id) => engine.getContainer(id).remove({ force: true, v: true })));
      const faaso = await engine.listNetworks({ filters: { name: [`${prefix}-faaso`] } });
      for (const id of [...networks, ...faaso.map(({ Id }) => Id)]) await engine.getNetwork(id).remove();
    },
  };
}
