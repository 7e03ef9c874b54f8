/** `slipway service scale`: how many instances a service has. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { scaleService, showService, type WaitOption } from "../service-action.ts";

const MOST = 50;

export function createServiceScaleCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .argument("<count>", "how many instances", wholeNumber(0, MOST))
    .option("--no-wait", "return at once; do not wait until they are ready")
    .addOption(projectOption())
    .action(async (name: string, count: number, options: WaitOption) => {
      const scope = await openProject(context, options.project);
      showService(await scaleService(scope, name, count, options.wait, context), context);
    });
  return withExamples(command, [
    ["slipway service scale web 3", "returns once three are ready"],
    ["slipway service scale web 0", "like `slipway service stop web`"],
  ]);
}
