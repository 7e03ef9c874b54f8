/** `slipway list`: the functions, a row each. */

import { Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionTable } from "../function-text.ts";
import { onlyNamed } from "../known-name.ts";

type ListOptions = { readonly project?: string; readonly allProjects?: true };

export function createListCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[names...]", "functions to list (default: all)")
    .option("-A, --all-projects", "those of all projects, whatever `slipway project use` says")
    .addOption(
      new Option("-p, --project <project>", "only those of this project (default: that of `slipway project use`)"),
    )
    .action(async (names: readonly string[], { project, allProjects }: ListOptions) => {
      const client = await context.connect();
      const all = await client.listFunctions(allProjects === true ? null : project);
      const functions = names.length === 0 ? all : onlyNamed(all, names, project);
      output.result(functions, functionTable(functions, output.style, deps.now(), output.columns));
    });
  return withExamples(command, [
    ["slipway list", "all functions"],
    ["slipway service list", "functions and images of one project"],
    ["slipway list --json | jq -r '.[].url'", "their URLs"],
  ]);
}
