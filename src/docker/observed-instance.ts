/** From what the engine reports of a container to an ObservedInstance. Pure. */

import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import type { ObservedInstance } from "../domain/driver.ts";
import { LABELS } from "../domain/labels.ts";
import { ADDRESS_LABEL, type EngineNames, IMAGE_LABEL } from "./engine-names.ts";

/** What the engine's list does not say, and the state that goes with it. */
export type RunFacts = Pick<ObservedInstance, "state" | "exitCode" | "wasOomKilled" | "startedAt" | "names">;

const NEVER_RAN: RunFacts = { state: "created", exitCode: null, wasOomKilled: false, startedAt: null, names: [] };

/** What of a container decides where and what it is, in the shape that list and inspect share. */
type Container = {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
};

export function fromList(info: ContainerInfo, names: EngineNames, facts: RunFacts = NEVER_RAN): ObservedInstance {
  const container = {
    id: info.Id,
    name: info.Names[0] ?? "",
    imageId: info.ImageID,
    labels: info.Labels,
    networks: Object.keys(info.NetworkSettings.Networks),
  };
  return observe(container, names, facts);
}

export function fromInspect(info: ContainerInspectInfo, names: EngineNames): ObservedInstance {
  const container = {
    id: info.Id,
    name: info.Name,
    imageId: info.Image,
    labels: info.Config.Labels,
    networks: Object.keys(info.NetworkSettings.Networks),
  };
  return observe(container, names, factsOf(info, names));
}

/** Names it was given on that network, without those the engine adds: its own name and the start of its id. */
export function aliasesOf(info: ContainerInspectInfo, network: string): readonly string[] {
  const aliases: unknown = info.NetworkSettings.Networks[network]?.Aliases;
  const own = [info.Id.slice(0, 12), info.Name.replace(/^\//, "")];
  return Array.isArray(aliases) ? aliases.map(String).filter((alias) => !own.includes(alias)) : [];
}

export function factsOf(info: ContainerInspectInfo, engineNames: EngineNames): RunFacts {
  const startedAt = Date.parse(info.State.StartedAt);
  // A container that never ran says year 1.
  if (!(startedAt > 0)) return NEVER_RAN;
  const state = stateOf(info.State.Status);
  const exitCode = state === "exited" ? info.State.ExitCode : null;
  const names = aliasesOf(info, engineNames.network(info.Config.Labels[LABELS.project] ?? ""));
  return { state, exitCode, wasOomKilled: info.State.OOMKilled, startedAt, names };
}

function observe(container: Container, names: EngineNames, facts: RunFacts): ObservedInstance {
  const { labels } = container;
  const projectSlug = labels[LABELS.project] ?? "";
  const isConnected = container.networks.includes(names.network(projectSlug));
  return {
    runtimeId: container.id,
    name: container.name.replace(/^\//, ""),
    serviceId: labels[LABELS.service] ?? "",
    deploymentId: labels[LABELS.deployment] ?? "",
    replica: Number(labels[LABELS.replica] ?? 0),
    projectSlug,
    image: labels[IMAGE_LABEL] ?? "",
    imageId: container.imageId,
    ...facts,
    address: isConnected ? (labels[ADDRESS_LABEL] ?? null) : null,
  };
}

/** `restarting` can't be (no restart policy); `removing` and `dead` are on their way out. */
function stateOf(status: string): ObservedInstance["state"] {
  if (status === "created" || status === "paused" || status === "running") return status;
  return "exited";
}
