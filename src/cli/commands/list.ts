/** `slipway list`: the functions, a row each. */

import { Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionTable } from "../function-text.ts";

export function createListCommand(context: CliContext): Command {
  const command = new Command()
    .addOption(new Option("-p, --project <slug>", "only those of this project"))
    .action(async (options: { readonly project?: string }) => {
      const client = await context.connect();
      const functions = await client.listFunctions(options.project);
      context.output.result(functions, functionTable(functions, context.output.style, context.deps.now()));
    });
  return withExamples(command, [
    ["slipway list", "all functions"],
    ["slipway list --json | jq -r '.[].url'", "their URLs"],
  ]);
}
