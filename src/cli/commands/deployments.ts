/** `slipway deployments`: a function's history, newest first. */

import { Command } from "commander";
import type { DeploymentView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { hintingAtNames } from "../known-name.ts";
import { paintStatus, type Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { formatAge, shortId } from "../text-format.ts";

export function createDeploymentsCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("<name>", "function")
    .addOption(projectOption())
    .action(async (name: string, { project }: { readonly project?: string }) => {
      const client = await context.connect();
      const ref = { name, project };
      const deployments = await hintingAtNames(client, ref, () => client.listDeployments(ref));
      output.result(deployments, deploymentTable(deployments, output.style, deps.now()));
    });
  return withExamples(command, [
    ["slipway deployments hello", "what may be rolled back to"],
    ["slipway deployments hello --json", "with everything about each"],
  ]);
}

function deploymentTable(deployments: readonly DeploymentView[], style: Style, now: number): string {
  const rows = deployments.map((d) => [
    shortId(d.id),
    d.active ? style.bold("serves") : "",
    paintStatus(style, d.status),
    formatAge(d.created_at, now),
    d.image ?? "-",
    d.failure_reason ?? "",
  ]);
  return renderTable(["DEPLOYMENT", "", "STATUS", "AGE", "IMAGE", "REASON"], rows);
}
