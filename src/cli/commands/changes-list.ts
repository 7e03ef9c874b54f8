/** `slipway changes list`: what is staged, and what will be deployed when it is applied. */

import { Command } from "commander";
import { changeLines } from "../change-text.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { stagedOf } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";
import { MASK } from "../project-text.ts";
import { stagedDeploys } from "../staged-deploys.ts";

export function createChangesListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .option("--show", "with --json: with the values of variables")
    .addOption(projectOption())
    .action(async ({ project, show }: { readonly project?: string; readonly show?: true }) => {
      const scope = await openProject(context, project);
      const changes = await stagedOf(scope);
      const { client, p } = scope;
      const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
      const deploys = stagedDeploys(changes, services);
      const views = show === true ? changes : changes.map((change) => ({ ...change, payload: masked(change.payload) }));
      const end = deploys.length === 0 ? "" : `\nWill be deployed: ${deploys.join(", ")}\n`;
      const text = changes.length === 0 ? "Nothing is staged.\n" : changeLines(changes, services, output.style);
      output.result({ changes: views, deploys }, `${text}${end}`);
    });
  return withExamples(command, [
    ["slipway changes list", "+ comes, - goes, ~ changes; then `slipway changes apply`"],
    ["slipway changes list --json", "values of variables masked"],
  ]);
}

function masked(payload: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { value, old_value, env_vars } = payload;
  return {
    ...payload,
    ...(value !== undefined && { value: MASK }),
    ...(old_value !== undefined && { old_value: MASK }),
    ...(Array.isArray(env_vars) && { env_vars: env_vars.map((variable: object) => ({ ...variable, value: MASK })) }),
  };
}
