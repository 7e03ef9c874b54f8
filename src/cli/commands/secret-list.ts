/** `slipway secret list`: names, never values. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { type LocalOption, localOption, useWorkshop } from "../local/use-workshop.ts";
import { renderTable } from "../table.ts";

type ListOptions = { readonly project?: string } & LocalOption;

export function createSecretListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .argument("[name]", "only those of this function")
    .addOption(projectOption())
    .addOption(localOption())
    .action(async (name: string | undefined, options: ListOptions) => {
      if (options.local === true) return listLocally(name, context);
      const client = await context.connect();
      const secrets = await client.listSecrets({ function: name, project: options.project });
      const rows = secrets.map((s) => [
        output.style.bold(s.name),
        s.function ?? "all functions",
        s.project,
        s.updated_at,
      ]);
      output.result(
        secrets,
        rows.length === 0 ? "No secrets." : renderTable(["NAME", "FUNCTION", "PROJECT", "SET"], rows),
      );
    });
  return withExamples(command, [
    ["slipway secret list", "all there are, with whose they are"],
    ["slipway secret list hello", "what is set for hello alone"],
  ]);
}

async function listLocally(name: string | undefined, context: CliContext): Promise<void> {
  if (name === undefined)
    throw new UsageError("With -l a function must be named.", { remedy: "slipway secret list -l NAME" });
  const names = await useWorkshop(context, ({ secrets }) => secrets.list(name));
  const views = names.map((secret) => ({ name: secret, function: name }));
  context.output.result(
    views,
    names.length === 0
      ? "No secrets."
      : renderTable(
          ["NAME"],
          names.map((one) => [one]),
        ),
  );
}
