/** `slipway service delete`: stages the deletion; with --apply it is gone at once. Its data stays. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { openProject } from "../project-scope.ts";
import { askYesNo, canAsk } from "../prompt.ts";

type DeleteOptions = { readonly apply?: true; readonly yes?: true; readonly wait: boolean; readonly project?: string };

export function createServiceDeleteCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .option("--apply", "delete it now, and apply all else that is staged; asks first")
    .option("-y, --yes", "do not ask")
    .option("--no-wait", "with --apply: return at once")
    .addOption(projectOption())
    .action(async (s: string, options: DeleteOptions) => {
      const scope = await openProject(context, options.project);
      const { client, p } = scope;
      const params = { p, s };
      const { name } = await client.calls.ask("GET /api/projects/:p/services/:s", { params });
      if (options.apply === true && options.yes !== true) await confirm(name, context);
      const change = await client.calls.ask("DELETE /api/projects/:p/services/:s", { params });
      if (options.apply === true) return applyChanges(scope, options.wait, context);
      context.output.result(change, `${name}: its deletion is staged; \`slipway changes apply\` makes it so`);
    });
  return withExamples(command, [
    ["slipway service delete cache", "staged; its data is kept in any case"],
    ["slipway service delete cache --apply --yes", "at once, for a script"],
  ]);
}

async function confirm(name: string, { deps }: CliContext): Promise<void> {
  if (!canAsk(deps)) throw new UsageError(`This would delete ${name}.`, { remedy: "Say that you mean it: add --yes." });
  if (!(await askYesNo(deps, `Delete ${name}?`))) throw new Interrupted("Nothing was deleted.");
}
