/** `slipway secret delete`: its file is gone from running instances. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { localOption, useWorkshop } from "../local/use-workshop.ts";
import { allFunctionsOption, type SecretOptions, secretRefOf, whose } from "../secret-words.ts";

export function createSecretDeleteCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<name>", "function")
    .argument("[secret]", "name of the secret")
    .allowExcessArguments()
    .addOption(allFunctionsOption())
    .addOption(projectOption())
    .addOption(localOption())
    .action(async (_name: string, _secret: string | undefined, options: SecretOptions, { args }: Command) => {
      const ref = secretRefOf(args, options, "delete");
      if (options.local === true)
        await useWorkshop(context, ({ secrets }) => secrets.delete(ref.function ?? "", ref.name));
      else await (await context.connect()).deleteSecret(ref);
      context.output.result(
        { deleted: ref.name, function: ref.function ?? null },
        `${ref.name}: deleted for ${whose(ref)}`,
      );
    });
  return withExamples(command, [
    ["slipway secret delete hello api-key", "set for hello alone"],
    ["slipway secret delete --all-functions db-password", "set for all functions of the project"],
  ]);
}
