/** Networks that belong to no server: the naming convention's, and those an operator lets functions join. */

import type { NetworkInspectInfo } from "dockerode";
import { AppError, isAppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";

export class SharedNetworks {
  readonly #client: DockerClient;
  readonly #faasoNetwork: string | null;
  /** By name, see `ensure`. */
  readonly #underWay = new Map<string, Promise<NetworkInspectInfo>>();

  /** @param faasoNetwork the one that is made when it is missing */
  constructor(client: DockerClient, faasoNetwork: string | null) {
    this.#client = client;
    this.#faasoNetwork = faasoNetwork;
  }

  /** Makes it when it is missing. Answers the host's address on it, null when it has none. */
  async ensure(name: string): Promise<string | null> {
    const network = (await this.#find(name)) ?? (await this.#createOnce(name));
    return gatewayOf(network);
  }

  /** Connects a container that does not run yet. @throws AppError `deploy_failed` when there is no such network */
  async join(name: string, containerId: string): Promise<void> {
    if (name === this.#faasoNetwork) await this.ensure(name);
    const network = await this.#find(name);
    if (network === undefined) throw missing(name);
    try {
      await this.#client.call((engine) => engine.getNetwork(network.Id).connect({ Container: containerId }));
    } catch (error) {
      if (isAppError(error, "not_found")) throw missing(name);
      if (!isAppError(error) || error.code === "unavailable") throw error;
      throw new AppError("deploy_failed", `The network ${name} can't be joined: ${error.message}`, { cause: error });
    }
  }

  /** One at a time: the engine would make two networks of one name when asked twice at the same moment. */
  async #createOnce(name: string): Promise<NetworkInspectInfo> {
    const creating = this.#underWay.get(name) ?? this.#create(name);
    this.#underWay.set(name, creating);
    try {
      return await creating;
    } finally {
      if (this.#underWay.get(name) === creating) this.#underWay.delete(name);
    }
  }

  async #create(name: string): Promise<NetworkInspectInfo> {
    let id: string | undefined;
    try {
      const made = await this.#client.call((engine) =>
        engine.createNetwork({ Name: name, CheckDuplicate: true, Driver: "bridge" }),
      );
      id = made.id;
    } catch (error) {
      // Another server may have been quicker.
      if (!isAppError(error, "conflict")) throw error;
    }
    const found = await this.#find(name);
    if (found === undefined) throw new AppError("unavailable", `The network ${name} went away as it was made.`);
    // Two servers at the same moment make two all the same: the one that all find first stays.
    if (id !== undefined && id !== found.Id) {
      const own = id;
      await this.#client.call((engine) => engine.getNetwork(own).remove());
    }
    return found;
  }

  /** By its exact name; of several the oldest. */
  async #find(name: string): Promise<NetworkInspectInfo | undefined> {
    const networks = await this.#client.call((engine) => engine.listNetworks({ filters: { name: [name] } }));
    return networks
      .filter((network) => network.Name === name)
      .toSorted((a, b) => (`${a.Created} ${a.Id}` < `${b.Created} ${b.Id}` ? -1 : 1))[0];
  }
}

function gatewayOf(network: NetworkInspectInfo): string | null {
  const gateways = network.IPAM?.Config?.flatMap((config) => config.Gateway ?? []) ?? [];
  const gateway = gateways.find((address) => address.includes("."));
  return network.Driver === "bridge" && gateway !== undefined ? (gateway.split("/")[0] ?? null) : null;
}

function missing(name: string): AppError {
  // What to do stands in the message, which is what is kept of a deployment that failed.
  const remedy = `Make it (docker network create ${name}) and deploy again, or leave it out of \`networks\`.`;
  const what = `There is no network ${name} on the engine, which the function asks for.`;
  return new AppError("deploy_failed", `${what} ${remedy}`, { remedy });
}
