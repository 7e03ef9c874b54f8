/** `slipway project use`: which project later commands mean when they name none. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { storeDefaultProject } from "../default-project.ts";
import { UsageError } from "../exit-codes.ts";
import { openProject } from "../project-scope.ts";

export function createProjectUseCommand(context: CliContext): Command {
  const { deps, output } = context;
  const command = new Command()
    .argument("[project]", "slug, name or id")
    .option("--none", "forget it: the project default is meant again")
    .action(async (typed: string | undefined, { none }: { readonly none?: true }) => {
      if ((typed === undefined) === (none === undefined))
        throw new UsageError("Which project shall later commands mean?", {
          remedy: "Name it, or forget the present one with --none.",
        });
      if (typed === undefined) {
        const { url } = await context.connect();
        await storeDefaultProject(deps, url, null);
        output.result({ project: null }, "Commands mean the project default again.");
        return;
      }
      const { client, project } = await openProject(context, typed);
      await storeDefaultProject(deps, client.url, project.slug);
      if (deps.env.SLIPWAY_PROJECT)
        output.warn(`SLIPWAY_PROJECT is set to ${deps.env.SLIPWAY_PROJECT} and goes before it`);
      output.result(project, `Commands mean ${project.name} (${project.slug}) from now on.`);
    });
  return withExamples(command, [
    ["slipway project use shop", "kept for this server, beside the login; SLIPWAY_PROJECT goes before it"],
    ["slipway project use --none", "the project default again"],
  ]);
}
