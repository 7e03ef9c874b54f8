/** `slipway changes discard`: throws all that is staged away. */

import { Command } from "commander";
import { changeLines } from "../change-text.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { stagedOf } from "../env-scope.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { openProject } from "../project-scope.ts";
import { askYesNo, canAsk } from "../prompt.ts";
import { plural } from "../text-format.ts";

type DiscardOptions = { readonly project?: string; readonly yes?: true };

export function createChangesDiscardCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .option("-y, --yes", "do not ask")
    .addOption(projectOption())
    .action(async ({ project, yes }: DiscardOptions) => {
      const scope = await openProject(context, project);
      const { client, p } = scope;
      const changes = await stagedOf(scope);
      const what = plural(changes.length, "change");
      if (changes.length > 0 && yes !== true) {
        const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
        output.note(changeLines(changes, services, output.style).trimEnd());
        if (!canAsk(deps))
          throw new UsageError(`This would discard ${what}.`, { remedy: "Say that you mean it: add --yes." });
        if (!(await askYesNo(deps, `Discard ${what}?`))) throw new Interrupted("Nothing was discarded.");
      }
      await client.calls.ask("DELETE /api/projects/:p/pending-changes", { params: { p } });
      const text = changes.length === 0 ? "Nothing was staged." : `Discarded ${what}.`;
      output.result({ discarded: changes.length }, text);
    });
  return withExamples(command, [
    ["slipway changes discard", "asks first"],
    ["slipway changes discard --yes", "for a script"],
  ]);
}
