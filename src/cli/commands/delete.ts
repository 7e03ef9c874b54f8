/** `slipway delete`: removes functions; their volumes stay unless asked for. */

import { Command } from "commander";
import type { FunctionRef } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { hintingAtNames } from "../known-name.ts";
import { askYesNo, canAsk } from "../prompt.ts";

type DeleteOptions = { readonly volumes?: true; readonly yes?: true; readonly project?: string };

export function createDeleteCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<names...>", "functions")
    .option("--volumes", "their stored data too; it can't be brought back")
    .option("-y, --yes", "do not ask")
    .addOption(projectOption())
    .action(async (names: readonly string[], options: DeleteOptions) => {
      const client = await context.connect();
      const refs: readonly FunctionRef[] = names.map((name) => ({ name, project: options.project }));
      // All names are checked before the first one is deleted.
      for (const ref of refs) await hintingAtNames(client, ref, () => client.getFunction(ref));
      if (options.yes !== true) await confirm(names, options.volumes === true, context);
      for (const ref of refs) {
        await client.deleteFunction(ref, { withVolumes: options.volumes === true });
        context.output.note(`${ref.name}: deleted`);
      }
      context.output.result({ deleted: names }, "");
    });
  return withExamples(command, [
    ["slipway delete hello", "asks first"],
    ["slipway delete hello world --volumes --yes", "for a script, with their data"],
  ]);
}

async function confirm(names: readonly string[], withVolumes: boolean, { deps }: CliContext): Promise<void> {
  const what = `${names.join(", ")}${withVolumes ? " and all data stored in volumes" : ""}`;
  if (!canAsk(deps)) {
    throw new UsageError(`This would delete ${what}.`, { remedy: "Say that you mean it: add --yes." });
  }
  if (!(await askYesNo(deps, `Delete ${what}?`))) throw new Interrupted("Nothing was deleted.");
}
