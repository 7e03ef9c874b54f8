/** `slipway up`: from folders to URLs. Builds, starts, waits until each answers. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";
import { addDeployFlags, type DeployOptions, jobOf, LEFT_OUT } from "../deploy-flags.ts";
import { deploySource } from "../deploy-source.ts";
import { forEachFolder } from "../each-folder.ts";
import { localUp } from "../local/local-build.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";

export function createUpCommand(context: CliContext): Command {
  const command = new Command()
    .description("Build folders, start them, and wait until each answers. Prints their URLs, one per line.")
    .argument("<folders...>", "what to bring up; archives too")
    .addOption(localOption())
    .action(async (folders: readonly string[], options: DeployOptions & LocalOption) => {
      if (options.local === true) return localUp(folders, options, context);
      const client = await context.connect();
      await forEachFolder(
        folders,
        options,
        context,
        async (folder, progress) => {
          const job = jobOf(folder, options, false);
          const answer = await deploySource(job, client, progress, context);
          if (job.waits) progress.done(`${answer.function.name} is up`);
          return answer;
        },
        (answer) => answer.function.url,
      );
    });
  return withExamples(withNote(addDeployFlags(command), LEFT_OUT), [
    ["slipway up hello", "again after each edit: no request is lost"],
    ["slipway up shop cart mail", "one after the other; the others go on when one fails"],
    ["slipway up -l hello --port 3000", "on this machine's own engine, at http://127.0.0.1:3000/"],
    ["slipway up hello --no-cache", "every step of the build anew"],
  ]);
}
