/** `slipway build -l`, `slipway up -l`: folders built, and started, on this machine's engine. */

import { resolve } from "node:path";
import type { LocalFunction, LocalImage, Workshop } from "../../domain/workshop.ts";
import type { CliContext } from "../cli-context.ts";
import type { BuildOptions, DeployOptions } from "../deploy-flags.ts";
import { forEachFolder } from "../each-folder.ts";
import type { Progress } from "../progress.ts";
import { statusDocument } from "./local-status.ts";
import { localProgress, refuseWithLocal, useWorkshop } from "./use-workshop.ts";

export type LocalBuildOptions = BuildOptions & {
  /** `host/prefix` to push to. */
  readonly registry?: string;
};

/** `--port` is the port on 127.0.0.1 here. */
export type LocalUpOptions = LocalBuildOptions & Pick<DeployOptions, "port" | "volume" | "env" | "replicas">;

type Built = { readonly fn: LocalFunction; readonly image: LocalImage };

/** Prints the images, one per line. */
export function localBuild(folders: readonly string[], options: LocalBuildOptions, context: CliContext): Promise<void> {
  refuseWithLocal(options, { project: undefined });
  return useWorkshop(context, (workshop) =>
    forEachFolder(
      folders,
      options,
      context,
      async (folder, progress) => {
        const { fn, image } = await build(folder, options, workshop, progress, context);
        progress.done(`${fn.name} is built`);
        return { name: fn.name, image: image.image, id: image.imageId, tags: image.tags };
      },
      ({ image }) => image,
    ),
  );
}

/** Prints the URLs, one per line. */
export function localUp(folders: readonly string[], options: LocalUpOptions, context: CliContext): Promise<void> {
  refuseWithLocal(options, { project: undefined, wait: true });
  return useWorkshop(context, (workshop) =>
    forEachFolder(
      folders,
      options,
      context,
      async (folder, progress) => {
        const { fn } = await build(folder, options, workshop, progress, context);
        const { functions } = workshop;
        const told = localProgress(progress);
        const status = await functions.up(fn.name, { port: options.port }, told, context.signal);
        const scaled =
          options.replicas === undefined
            ? status
            : await functions.scale(fn.name, options.replicas, told, context.signal);
        progress.done(`${fn.name} is up`);
        return statusDocument(scaled);
      },
      ({ url }) => url ?? "",
    ),
  );
}

async function build(
  typed: string,
  options: LocalUpOptions,
  { builds }: Workshop,
  progress: Progress,
  context: CliContext,
): Promise<Built> {
  const { name, runtime, cache, env, volume, registry } = options;
  const fn = await builds.open(resolve(context.deps.cwd, typed), {
    name,
    isWithoutRuntime: runtime === false,
    over: {
      ...(typeof runtime === "string" && { runtime }),
      ...(env !== undefined && { env }),
      ...(volume !== undefined && { volumes: volume }),
    },
  });
  for (const note of fn.notes) progress.lines(`${note}\n`);
  const told = localProgress(progress);
  const image = await builds.build(fn, { noCache: !cache }, told, context.signal);
  if (registry === undefined) return { fn, image };
  return { fn, image: await builds.push(fn, image, registry, told, context.signal) };
}
