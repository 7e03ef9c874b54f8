/**
 * `slipway purge`: a function goes with all that belongs to it: instances, images, secrets, scale. Its source can be
 * uploaded again; its volumes can't be brought back and stay.
 */

import { Command } from "commander";
import type { FunctionRef } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { hintingAtNames } from "../known-name.ts";
import { localPurge } from "../local/local-functions.ts";
import { type LocalOption, localOption, refuseWithLocal } from "../local/use-workshop.ts";
import { askYesNo, canAsk } from "../prompt.ts";

type PurgeOptions = { readonly volumes?: true; readonly yes?: true; readonly project?: string } & LocalOption;

export function createPurgeCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .argument("<names...>", "functions")
    .option("--volumes", "their stored data too; it can't be brought back")
    .option("-y, --yes", "do not ask")
    .addOption(projectOption())
    .addOption(localOption())
    .action(async (names: readonly string[], options: PurgeOptions) => {
      if (options.local === true) return purgeLocally(names, options, context);
      const client = await context.connect();
      const withVolumes = options.volumes === true;
      const refs: readonly FunctionRef[] = [...new Set(names)].map((name) => ({ name, project: options.project }));
      // All names are checked before the first one is removed.
      for (const ref of refs) await hintingAtNames(client, ref, () => client.getFunction(ref));
      if (options.yes !== true) await confirm(names, withVolumes, context);
      for (const ref of refs) {
        await client.deleteFunction(ref, { withVolumes, withSecrets: true });
        output.note(`${ref.name}: purged`);
      }
      output.result({ purged: refs.map(({ name }) => name) }, "");
    });
  return withExamples(command, [
    ["slipway purge hello", "its instances, images and secrets; volumes stay"],
    ["slipway purge hello world --volumes --yes", "with their data, without a question"],
  ]);
}

/** What is stored in volumes is the user's own folder: nothing here removes it. */
async function purgeLocally(names: readonly string[], options: PurgeOptions, context: CliContext): Promise<void> {
  refuseWithLocal(options, { project: undefined, volumes: undefined });
  if (options.yes !== true) await confirm(names, false, context);
  await localPurge(names, context);
}

/** Off a terminal only the loss of data must be confirmed by a flag. */
async function confirm(names: readonly string[], withVolumes: boolean, { deps }: CliContext): Promise<void> {
  const what = `${names.join(", ")}${withVolumes ? " and all data stored in volumes" : ""}`;
  if (!canAsk(deps)) {
    if (!withVolumes) return;
    throw new UsageError(`This would purge ${what}.`, { remedy: "Say that you mean it: add --yes." });
  }
  if (!(await askYesNo(deps, `Purge ${what}?`))) throw new Interrupted("Nothing was purged.");
}
