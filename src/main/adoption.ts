/** What others start by the naming convention, and where instances reach the gateway: wired to configuration and driver. */

import type { Driver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { Project } from "../domain/project.ts";
import { Adoption } from "../reconciler/adoption.ts";
import type { Config } from "./config.ts";
import { reservedNames } from "./reserved-names.ts";

/** Undefined when the configuration turns it off. */
export function createAdoption(
  config: Config,
  parts: { readonly driver: Driver; readonly logger: Logger; readonly publish: () => Promise<void> },
): Adoption | undefined {
  if (config.faasoNetwork === null) return undefined;
  return new Adoption({ ...parts, network: config.faasoNetwork, reservedNames: reservedNames(config) });
}

/** The host's address on each project's network and on the convention's. The memory driver has none. */
export function insideAddressesOf(
  config: Config,
  driver: Pick<Driver, "addressOf">,
  adoption: Pick<Adoption, "hostAddress"> | undefined,
): (projects: readonly Project[]) => readonly string[] {
  if (config.driver === "memory") return () => [];
  return (projects) => [
    ...projects.flatMap(({ networkIndex }) => addressIn(driver, networkIndex)),
    ...[adoption?.hostAddress].flatMap((address) => address ?? []),
  ];
}

/** The host's own number on a project's network. */
const HOST_NUMBER = 1;

/** A project from before the pool became smaller has no network, and nothing of it runs. */
function addressIn(driver: Pick<Driver, "addressOf">, networkIndex: number): readonly string[] {
  try {
    return [driver.addressOf(networkIndex, HOST_NUMBER)];
  } catch (error) {
    if (isAppError(error, "unavailable")) return [];
    throw error;
  }
}
