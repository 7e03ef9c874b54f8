/** `slipway project create`: a private network, variables and a canvas around services. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { storeDefaultProject } from "../default-project.ts";

type CreateOptions = { readonly slug?: string; readonly use?: true };

export function createProjectCreateCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<title>", "what people call it")
    .option("--slug <slug>", "its part in addresses; it never changes (default: made of the name)")
    .option("--use", "make it the one that later commands mean")
    .action(async (name: string, { slug, use }: CreateOptions) => {
      const client = await context.connect();
      const project = await client.calls.ask("POST /api/projects", {
        body: { name, ...(slug !== undefined && { slug }) },
      });
      if (use === true) await storeDefaultProject(context.deps, client.url, project.slug);
      context.output.result(project, project.slug);
    });
  return withExamples(command, [
    ["slipway project create Shop", "prints its slug, such as shop-1a2b3c"],
    ["slipway project create Shop --slug shop --use", "later commands are about it"],
  ]);
}
