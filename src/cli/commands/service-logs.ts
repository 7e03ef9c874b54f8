/** `slipway service logs`: what all instances of a service wrote. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { MOST_SERVICE_LINES } from "../log-line-follower.ts";
import { openProject } from "../project-scope.ts";
import { type ServiceLogsOptions, showServiceLogs } from "../service-log-lines.ts";

const DEFAULT_LINES = 100;

export function createServiceLogsCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .option("-f, --follow", "go on with new lines until Ctrl-C; with --json one document per line")
    .option("-n, --tail <lines>", "how many past lines", wholeNumber(0, MOST_SERVICE_LINES), DEFAULT_LINES)
    .addOption(projectOption())
    .action(async (name: string, options: ServiceLogsOptions & { readonly project?: string }) =>
      showServiceLogs(await openProject(context, options.project), name, options, context),
    );
  return withExamples(command, [
    ["slipway service logs db", "the last 100 lines"],
    ["slipway service logs db --follow --tail 0", "only what comes from now on"],
  ]);
}
