/** `slipway service rollback`: lets an earlier deployment serve again. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { rollBackService, showService, type WaitOption } from "../service-action.ts";

export function createServiceRollbackCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .argument("[id]", "the deployment's id or the start of it (default: the healthy one before the present)")
    .option("--no-wait", "return at once; do not wait until it serves")
    .addOption(projectOption())
    .action(async (name: string, deployment: string | undefined, options: WaitOption) => {
      const scope = await openProject(context, options.project);
      showService(await rollBackService(scope, name, deployment, options.wait, context), context);
    });
  return withExamples(command, [
    ["slipway service rollback web", "back to the version before"],
    ["slipway service rollback web 1f0c2a9e", "to one that `slipway service deployments web` shows"],
  ]);
}
