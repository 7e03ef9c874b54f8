/** The drivers by name, as the configuration chooses one. */

import { DockerBuildEngine } from "../docker/build-engine.ts";
import { DockerClient } from "../docker/docker-client.ts";
import { DockerDriver } from "../docker/docker-driver.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { Driver, DriverName } from "../domain/driver.ts";
import type { Logger } from "../domain/logger.ts";
import { systemClock } from "../lib/system-clock.ts";
import { MemoryBuildEngine } from "../memory/memory-build-engine.ts";
import { MemoryDriver } from "../memory/memory-driver.ts";
import type { Config } from "./config.ts";

export type DriverParts = { readonly driver: Driver; readonly engine: BuildEngine };

type DriverFactory = (config: Config, serverId: string, logger: Logger) => DriverParts;

const FACTORIES: Readonly<Record<DriverName, DriverFactory>> = {
  docker: (config, serverId, logger) => {
    const client = new DockerClient({ socketPath: config.dockerSocket });
    const driver = new DockerDriver({
      client,
      serverId,
      prefix: config.prefix,
      networkPool: config.networkPool,
      faasoNetwork: config.faasoNetwork,
      hostPortAddress: config.hostPortAddress,
      logger,
    });
    return { driver, engine: new DockerBuildEngine(client) };
  },
  memory: ({ faasoNetwork }, serverId) => {
    const driver = new MemoryDriver({ clock: systemClock, serverId, faasoNetwork });
    return { driver, engine: new MemoryBuildEngine(driver) };
  },
};

export function createDriver(config: Config, serverId: string, logger: Logger): DriverParts {
  return FACTORIES[config.driver](config, serverId, logger);
}
