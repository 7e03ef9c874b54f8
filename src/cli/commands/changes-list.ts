/** `slipway changes list`: what is staged, and what will be deployed when it is applied. */

import { Command } from "commander";
import { changeLines } from "../change-text.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { MASK } from "../project-text.ts";

export function createChangesListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .option("--show", "with --json: with the values of variables")
    .addOption(projectOption())
    .action(async ({ project, show }: { readonly project?: string; readonly show?: true }) => {
      const scope = await openProject(context, project);
      const { client, p } = scope;
      const answer = await client.calls.ask("GET /api/projects/:p/pending-changes", { params: { p } });
      const { data: changes, deploys, problem } = answer;
      const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
      const views = show === true ? changes : changes.map((change) => ({ ...change, payload: masked(change.payload) }));
      const names = deploys.length === 0 ? "nothing" : deploys.join(", ");
      const end = problem === null ? `Will be deployed: ${names}` : `Can't be applied: ${problem}`;
      const lines = changeLines(changes, services, output.style);
      const text = changes.length === 0 ? "Nothing is staged.\n" : `${lines}\n${end}\n`;
      output.result({ changes: views, deploys, problem }, text);
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
