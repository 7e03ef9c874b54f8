/** `slipway list`: the functions, a row each. */

import { Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionTable } from "../function-text.ts";
import { onlyNamed } from "../known-name.ts";

export function createListCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[names...]", "functions to list (default: all)")
    .addOption(new Option("-p, --project <slug>", "only those of this project"))
    .action(async (names: readonly string[], { project }: { readonly project?: string }) => {
      const client = await context.connect();
      const all = await client.listFunctions(project);
      const functions = names.length === 0 ? all : onlyNamed(all, names, project);
      output.result(functions, functionTable(functions, output.style, deps.now(), output.columns));
    });
  return withExamples(command, [
    ["slipway list", "all functions"],
    ["slipway list --json | jq -r '.[].url'", "their URLs"],
  ]);
}
