/** `slipway build`: images from folders, nothing started or replaced; `slipway deploy NAME` rolls them out. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";
import { addBuildFlags, type BuildOptions, jobOf, LEFT_OUT } from "../deploy-flags.ts";
import { deploySource } from "../deploy-source.ts";
import { forEachFolder } from "../each-folder.ts";
import { UsageError } from "../exit-codes.ts";
import { type LocalBuildOptions, localBuild } from "../local/local-build.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";

export function createBuildCommand(context: CliContext): Command {
  const command = new Command()
    .description("Build folders and start nothing; `slipway deploy NAME` rolls out what was built. Prints the images.")
    .argument("<folders...>", "what to build; archives too")
    .addOption(localOption())
    .option("--registry <host/prefix>", "with -l: push the image there, too")
    .action(async (folders: readonly string[], options: BuildOptions & LocalBuildOptions & LocalOption) => {
      if (options.local === true) return localBuild(folders, options, context);
      if (options.registry !== undefined) throw registryNeedsLocal();
      const client = await context.connect();
      await forEachFolder(
        folders,
        options,
        context,
        async (folder, progress) => {
          const answer = await deploySource(jobOf(folder, options, true), client, progress, context);
          progress.done(`${answer.function.name} is built`);
          return { name: answer.function.name, image: answer.deployment.image, ...answer };
        },
        (built) => built.image ?? "",
      );
    });
  return withExamples(withNote(addBuildFlags(command), LEFT_OUT), [
    ["slipway build hello", "then, when it shall serve: slipway deploy hello"],
    ["slipway build -l hello", "on this machine's own engine"],
    ["slipway build hello --name greet --no-cache", "under another name, every step anew"],
  ]);
}

function registryNeedsLocal(): UsageError {
  return new UsageError("--registry goes with -l: a server pushes to the registry of its own option.", {
    remedy: "Add -l, or start the server with SLIPWAY_REGISTRY.",
  });
}
