/** The flags that say what becomes of a source: those of `slipway deploy` and `up`; `build` has some of them. */

import type { Command } from "commander";
import { collect, collectPairs, projectOption, wholeNumber } from "./command-help.ts";
import type { SourceJob } from "./deploy-source.ts";
import type { ManifestFlags } from "./function-manifest.ts";

const LARGEST_PORT = 65_535;
const MOST_REPLICAS = 50;

export type BuildOptions = {
  readonly name?: string;
  /** False: --no-runtime. */
  readonly runtime?: string | false;
  /** False: --no-cache. */
  readonly cache: boolean;
  readonly project?: string;
};

export type DeployOptions = BuildOptions &
  Omit<ManifestFlags, "name" | "runtime"> & {
    readonly wait?: boolean;
  };

/** What of a folder is not uploaded. */
export const LEFT_OUT =
  "Left out of a folder: .git, __pycache__, node_modules beside a package.json (`!node_modules` keeps it), and " +
  "what .slipwayignore names; without that file .dockerignore. Both are in .dockerignore's syntax.";

export function addBuildFlags(command: Command): Command {
  return command
    .option("--name <name>", "its name (default: from slipway.yml, else the folder's)")
    .option("--runtime <runtime>", "what to build it with, a name or a folder (default: told from its files)")
    .option("--no-runtime", "with its own Dockerfile, whatever the manifest says")
    .option("--no-cache", "build every step anew")
    .addOption(projectOption());
}

export function addDeployFlags(command: Command): Command {
  return addBuildFlags(command)
    .option("--port <port>", "the port the app listens on", wholeNumber(1, LARGEST_PORT))
    .option("--volume <source:target>", "data that stays, e.g. ./data:/data (repeatable)", collect)
    .option("--env <KEY=value>", "an environment variable (repeatable)", collectPairs)
    .option("--replicas <count>", "how many instances", wholeNumber(1, MOST_REPLICAS))
    .option("--wait", "wait until it serves or has failed (the default)")
    .option("--no-wait", "return as soon as it is uploaded");
}

/** What the flags ask to be done with `typed`. */
export function jobOf(typed: string, options: BuildOptions | DeployOptions, isHeld: boolean): SourceJob {
  const { runtime, cache, project, ...rest } = options;
  const flags: ManifestFlags = {
    ...rest,
    ...(runtime !== undefined && { runtime: runtime === false ? null : runtime }),
  };
  const waits = !("wait" in options && options.wait === false);
  return { typed, flags, project, isHeld, noCache: !cache, waits };
}
