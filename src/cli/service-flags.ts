/** The flags that say how a service runs: those of `slipway service create` and `update`. */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { SettingsWish } from "../api/settings.ts";
import { RESTART_POLICIES, type RestartPolicy } from "../domain/deployment.ts";
import { splitWords } from "../lib/split-words.ts";
import { wholeNumber } from "./command-help.ts";

const SHARES_PER_CORE = 1024;
const MOST_REPLICAS = 50;
const MOST_MIB = 16_777_216;

type Port = { readonly container_port: number; readonly host_port?: number; readonly protocol: "tcp" | "udp" };
type Volume = { readonly source: string; readonly target: string; readonly read_only: boolean };

export type SettingsFlags = {
  readonly image?: string;
  readonly port?: readonly Port[];
  readonly replicas?: number;
  readonly volume?: readonly Volume[];
  readonly command?: readonly string[];
  readonly cpu?: number;
  readonly memory?: number;
  readonly health?: string;
  readonly restart?: RestartPolicy;
  /** False: --public. */
  readonly private?: boolean;
  readonly public?: true;
  readonly icon?: string;
};

/** Those of a deployment. */
export function addSettingsFlags(command: Command): Command {
  return command
    .option("--image <image>", "container image, e.g. nginx:1.27")
    .option("--port <port>", "80, 8080:80 (host port first) or 53/udp (repeatable)", collectPort)
    .option("--replicas <count>", "how many instances", wholeNumber(1, MOST_REPLICAS))
    .option("--volume <source:target>", "data that stays, ./data:/data or ./data:/data:ro (repeatable)", collectVolume)
    .option("--command <line>", "instead of the image's own, e.g. 'nginx -g \"daemon off;\"'", commandLine)
    .option("--cpu <cores>", "most cores of one instance, e.g. 0.5", cores)
    .option("--memory <MiB>", "most memory of one instance", wholeNumber(6, MOST_MIB))
    .option("--health <path>", "HTTP path that answers 2xx or 3xx when an instance is well; '' for an open port")
    .addOption(new Option("--restart <policy>", "what happens to one that ended").choices(RESTART_POLICIES));
}

/** Those of the service, whatever its deployments. */
export function addServiceFlags(command: Command): Command {
  return command
    .option("--private", "not reachable from outside")
    .addOption(new Option("--public", "reachable from outside by its name").conflicts("private"))
    .option("--icon <url>", "picture on the canvas; '' for none");
}

/** What the flags ask for, in the API's words. */
export function settingsOf(flags: SettingsFlags) {
  const { icon } = flags;
  const isPrivate = flags.private === true ? true : flags.public === true ? false : undefined;
  return {
    ...runSettingsOf(flags),
    ...(isPrivate !== undefined && { private: isPrivate }),
    ...(icon !== undefined && { icon_url: icon }),
  };
}

/** Of a deployment alone. */
export function runSettingsOf(flags: SettingsFlags) {
  const { image, port, replicas, volume, command, cpu, memory, health, restart } = flags;
  const resources: SettingsWish["resources"] = {
    ...(cpu !== undefined && { cpu_shares: Math.round(cpu * SHARES_PER_CORE) }),
    ...(memory !== undefined && { memory_mb: memory }),
  };
  return {
    ...(image !== undefined && { image }),
    ...(port !== undefined && { ports: [...port] }),
    ...(replicas !== undefined && { replicas }),
    ...(volume !== undefined && { volumes: [...volume] }),
    ...(command !== undefined && { command: [...command] }),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(health !== undefined && { health: health === "" ? null : { path: health } }),
    ...(restart !== undefined && { restart }),
  };
}

function collectPort(text: string, before: readonly Port[] = []): readonly Port[] {
  const [, host, container, protocol] = /^(?:(\d{1,5}):)?(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (container === undefined) throw new InvalidArgumentError("Write it as 80, 8080:80 or 53/udp.");
  const port: Port = {
    container_port: Number(container),
    ...(host !== undefined && { host_port: Number(host) }),
    protocol: protocol === "udp" ? "udp" : "tcp",
  };
  return [...before, port];
}

function collectVolume(text: string, before: readonly Volume[] = []): readonly Volume[] {
  const [source, target, mode, ...more] = text.split(":");
  const isVolume = source && target && more.length === 0 && (mode === undefined || mode === "ro" || mode === "rw");
  if (!isVolume) throw new InvalidArgumentError("Write it as ./data:/data, with :ro for read-only.");
  return [...before, { source, target, read_only: mode === "ro" }];
}

function commandLine(text: string): readonly string[] {
  const words = splitWords(text);
  if (words === undefined) throw new InvalidArgumentError("A quote in it is not closed.");
  return words;
}

function cores(text: string): number {
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be a number of cores such as 0.5.");
}
