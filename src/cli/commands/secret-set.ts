/** `slipway secret set`: the value comes from standard input or a hidden question, never from the command line. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples, withNote } from "../command-help.ts";
import { localOption, useWorkshop } from "../local/use-workshop.ts";
import { allFunctionsOption, readSecretValue, type SecretOptions, secretRefOf, whose } from "../secret-words.ts";

export function createSecretSetCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<name>", "function, which need not exist yet")
    .argument("[secret]", "name of the file below /secrets: letters, digits, . _ -")
    .allowExcessArguments()
    .addOption(allFunctionsOption())
    .addOption(projectOption())
    .addOption(localOption())
    .action(async (_name: string, _secret: string | undefined, options: SecretOptions, { args }: Command) => {
      const ref = secretRefOf(args, options, "set");
      const value = await readSecretValue(ref, context);
      const { function: functionName = "" } = ref;
      const done = `${ref.name}: set for ${whose(ref)}`;
      if (options.local === true) {
        await useWorkshop(context, ({ secrets }) => secrets.set(functionName, ref.name, value));
        context.output.result({ name: ref.name, function: functionName }, done);
        return;
      }
      const client = await context.connect();
      context.output.result(await client.putSecret(ref, value), done);
    });
  const noted = withNote(
    command,
    "Functions read it as the file /secrets/SECRET, running ones within a second. The value is read from standard input, byte for byte, or asked for.",
  );
  return withExamples(noted, [
    ["slipway secret set hello api-key", "asks for the value"],
    ['printf %s "$KEY" | slipway secret set hello api-key', "for a script"],
    ["slipway secret set hello tls.pem < key.pem", "a file"],
    ["slipway secret set --all-functions db-password", "for those whose manifest lists it"],
  ]);
}
