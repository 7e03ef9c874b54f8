/** What this server's configuration lets an upload ask for. */

import type { ChangeRules } from "../domain/change-rules.ts";
import { RESERVED_PORTS, type UploadRules } from "../domain/upload.ts";
import type { Config } from "./config.ts";
import { reservedNames } from "./reserved-names.ts";

export function uploadRules(config: Config): UploadRules {
  return {
    reservedNames: reservedNames(config),
    reservedPorts: [...new Set([...RESERVED_PORTS, config.address.port])],
    volumeRoots: config.volumeRoots,
    capabilities: config.capabilities,
    networks: [...config.networks, ...(config.faasoNetwork === null ? [] : [config.faasoNetwork])],
    ownHosts: ["localhost", ...[config.baseDomain, config.pathHost].filter((host) => host !== null)],
  };
}

/** What it lets edits of services ask for. */
export function changeRules(config: Config): ChangeRules {
  return {
    reservedNames: reservedNames(config),
    reservedPorts: [config.address.port],
    volumeRoots: config.volumeRoots,
  };
}
