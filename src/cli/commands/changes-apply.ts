/** `slipway changes apply`: all that is staged takes effect together; waits until what is deployed for it serves. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";

export function createChangesApplyCommand(context: CliContext): Command {
  const command = new Command()
    .option("--no-wait", "return at once; do not wait until what is deployed serves")
    .addOption(projectOption())
    .action(async ({ project, wait }: { readonly project?: string; readonly wait: boolean }) =>
      applyChanges(await openProject(context, project), wait, context),
    );
  return withExamples(command, [
    ["slipway changes apply", "all or nothing; exit status 1 when a deployment fails"],
    ["slipway changes apply --no-wait --json", "for a script that looks itself"],
  ]);
}
