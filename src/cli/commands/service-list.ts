/** `slipway service list`: functions and images of a project. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { serviceTable } from "../service-text.ts";

export function createServiceListCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .addOption(projectOption())
    .action(async ({ project }: { readonly project?: string }) => {
      const { client, p } = await openProject(context, project);
      const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
      const sorted = services.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      output.result(sorted, serviceTable(sorted, output.style, deps.now()));
    });
  return withExamples(command, [
    ["slipway service list", "functions and images of the project that commands mean"],
    ["slipway service list -p shop --json", "of another one, for a script"],
  ]);
}
