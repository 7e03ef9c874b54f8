/** `slipway changes remove`: takes one entry out of what is staged. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { stagedOf } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";

export function createChangesRemoveCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<change>", "its id or the start of it")
    .addOption(projectOption())
    .action(async (start: string, { project }: { readonly project?: string }) => {
      const scope = await openProject(context, project);
      const fitting = (await stagedOf(scope)).filter((change) => change.id.startsWith(start));
      const [found] = fitting;
      const remedy = "`slipway changes list` shows them.";
      if (found === undefined) throw new AppError("not_found", `No staged change starts with ${start}.`, { remedy });
      if (fitting.length > 1)
        throw new AppError("conflict", `${fitting.length} staged changes start with ${start}.`, { remedy });
      const params = { p: scope.p, changeId: found.id };
      await scope.client.calls.ask("DELETE /api/projects/:p/pending-changes/:changeId", { params });
      context.output.result({ removed: found.id }, `${start}: is staged no more`);
    });
  return withExamples(command, [["slipway changes remove 1f0c2a9e", "one that `slipway changes list` shows"]]);
}
