/** `slipway service deployments`: a service's history, newest first. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { deploymentTable } from "../service-text.ts";

export function createServiceDeploymentsCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("<service>", "name or id")
    .addOption(projectOption())
    .action(async (s: string, { project }: { readonly project?: string }) => {
      const { client, p } = await openProject(context, project);
      const all = await client.calls.all("GET /api/projects/:p/services/:s/deployments", { params: { p, s } });
      output.result(all, deploymentTable(all, output.style, deps.now()));
    });
  return withExamples(command, [
    ["slipway service deployments web", "what may be rolled back to"],
    ["slipway service deployments web --json", "with everything about each"],
  ]);
}
