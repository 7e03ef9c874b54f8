/** `slipway service show`: everything about one service. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { readServiceFacts } from "../service-facts.ts";
import { serviceDetails } from "../service-text.ts";

export function createServiceShowCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("<service>", "name or id")
    .addOption(projectOption())
    .action(async (name: string, { project }: { readonly project?: string }) => {
      const facts = await readServiceFacts(await openProject(context, project), name);
      output.result(facts, serviceDetails(facts, output.style, deps.now()));
    });
  return withExamples(command, [
    ["slipway service show db", "how it is and how it runs"],
    ["slipway service show db --json", "with the values of its variables"],
  ]);
}
