/** Projects' networks: bridges with a /24 of their own, and the name by which an instance is found on its own. */

import type { NetworkInspectInfo } from "dockerode";
import type { NetworkDriver } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import type { DockerClient } from "./docker-client.ts";
import { engineStatus, engineWords } from "./engine-error.ts";
import { ADDRESS_LABEL, type EngineNames } from "./engine-names.ts";
import { aliasesOf } from "./observed-instance.ts";
import { addressIn, subnetOf } from "./subnet.ts";

export class DockerNetworks implements NetworkDriver {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #pool: string;
  /** By slug: the engine would make two networks of one name when asked twice at the same moment. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(client: DockerClient, names: EngineNames, networkPool: string) {
    this.#client = client;
    this.#names = names;
    this.#pool = networkPool;
  }

  async ensureNetwork(projectSlug: string, networkIndex: number): Promise<void> {
    const ensuring = this.#underWay.get(projectSlug) ?? this.#ensure(projectSlug, networkIndex);
    this.#underWay.set(projectSlug, ensuring);
    try {
      await ensuring;
    } finally {
      if (this.#underWay.get(projectSlug) === ensuring) this.#underWay.delete(projectSlug);
    }
  }

  async removeNetwork(projectSlug: string): Promise<void> {
    const network = await this.#find(this.#names.network(projectSlug));
    if (network === undefined || !this.#names.isOwn(network.Labels)) return;
    try {
      await this.#client.call((engine) => engine.getNetwork(network.Id).remove());
    } catch (error) {
      if (isAppError(error, "not_found")) return;
      if (engineStatus(error) !== FORBIDDEN) throw error;
      throw new AppError("conflict", `The network ${network.Name} is in use: ${engineWords(error)}`, {
        cause: error,
        remedy: "Stop what is connected to it first.",
      });
    }
  }

  async listNetworks(): Promise<readonly string[]> {
    const label = this.#names.ownFilter();
    const networks = await this.#client.call((engine) => engine.listNetworks({ filters: { label } }));
    return networks.flatMap((network) => network.Labels?.[LABELS.project] ?? []).sort();
  }

  addressOf(networkIndex: number, hostNumber: number): string {
    return addressIn(this.#pool, networkIndex, hostNumber);
  }

  /** Disconnects and connects again: the engine can't change the names of a connection. Nothing is done when it is so already. */
  async setAlias(
    runtimeId: string,
    { projectSlug, names }: { readonly projectSlug: string; readonly names: readonly string[] },
  ): Promise<void> {
    const name = this.#names.network(projectSlug);
    const info = await this.#client.call((engine) => engine.getContainer(runtimeId).inspect());
    const connection = info.NetworkSettings.Networks[name];
    const present = aliasesOf(info, name);
    const isSame = present.length === names.length && names.every((one, i) => one === present[i]);
    if (connection !== undefined && isSame) return;
    const endpoint = {
      IPAMConfig: { IPv4Address: info.Config.Labels[ADDRESS_LABEL] },
      ...(names.length > 0 && { Aliases: [...names] }),
    };
    await this.#client.call(async (engine) => {
      const network = engine.getNetwork(name);
      if (connection !== undefined) await network.disconnect({ Container: runtimeId, Force: false });
      await network.connect({ Container: runtimeId, EndpointConfig: endpoint });
    });
  }

  async #ensure(projectSlug: string, networkIndex: number): Promise<void> {
    const name = this.#names.network(projectSlug);
    const cidr = subnetOf(this.#pool, networkIndex).cidr;
    const found = await this.#find(name);
    if (found) return this.#requireUsable(found, cidr);
    try {
      await this.#create(projectSlug, networkIndex);
    } catch (error) {
      // Another process of this server may have been quicker.
      const other = await this.#find(name);
      if (other) return this.#requireUsable(other, cidr);
      throw createError(error, name, cidr);
    }
  }

  async #create(projectSlug: string, networkIndex: number): Promise<void> {
    const { cidr, gateway, foreignRange } = subnetOf(this.#pool, networkIndex);
    await this.#client.call((engine) =>
      engine.createNetwork({
        Name: this.#names.network(projectSlug),
        CheckDuplicate: true,
        Driver: "bridge",
        Labels: this.#names.networkLabels(projectSlug),
        IPAM: { Driver: "default", Config: [{ Subnet: cidr, Gateway: gateway, IPRange: foreignRange }] },
      }),
    );
  }

  #requireUsable(network: NetworkInspectInfo, cidr: string): void {
    if (!this.#names.isOwn(network.Labels)) {
      throw new AppError("conflict", `A network called ${network.Name} is there already and is not this server's.`, {
        remedy: `Remove it (docker network rm ${network.Name}), or give this server another SLIPWAY_PREFIX.`,
      });
    }
    const present = network.IPAM?.Config?.[0]?.Subnet;
    if (present === cidr) return;
    throw new AppError(
      "conflict",
      `The network ${network.Name} has the addresses ${present}, and should have ${cidr}.`,
      {
        remedy: "Set SLIPWAY_NETWORK_POOL as it was, or stop what runs on that network and remove it.",
      },
    );
  }

  /** By its exact name. The engine itself would take the beginning of an id for one, too. */
  async #find(name: string): Promise<NetworkInspectInfo | undefined> {
    const networks = await this.#client.call((engine) => engine.listNetworks({ filters: { name: [name] } }));
    return networks.find((network) => network.Name === name);
  }
}

const FORBIDDEN = 403;

function createError(error: unknown, name: string, cidr: string): unknown {
  if (!/overlap/i.test(engineWords(error))) return error;
  return new AppError("conflict", `The network ${name} can't have ${cidr}: another network has addresses in it.`, {
    cause: error,
    remedy: "Set SLIPWAY_NETWORK_POOL to a block that nothing else on this machine uses.",
  });
}
