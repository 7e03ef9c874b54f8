/** `slipway env list`: variables with their values masked. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { findEnvScope, groupOption, type ScopeOptions, serviceOption, stagedOf, variablesOf } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";
import { MASK, variableTable } from "../project-text.ts";
import { plural } from "../text-format.ts";

export function createEnvListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .option("--show", "with their values")
    .addOption(serviceOption())
    .addOption(groupOption())
    .addOption(projectOption())
    .action(async (options: ScopeOptions & { readonly show?: true }) => {
      const scope = await openProject(context, options.project);
      const of = await findEnvScope(scope, options);
      const variables = await variablesOf(scope, of);
      const isShown = options.show === true;
      const staged = (await stagedOf(scope)).filter((change) => change.target_type === "env_var").length;
      const note = `${plural(staged, "change")} of variables staged: slipway changes list -p ${scope.p}`;
      if (staged > 0) output.note(note);
      const views = isShown ? variables : variables.map((variable) => ({ ...variable, value: MASK }));
      const table = variableTable(variables, isShown, output.style);
      output.result(views, variables.length === 0 ? `No variables of ${of.words}.` : table);
    });
  return withExamples(command, [
    ["slipway env list", "those that all services of the project get"],
    ["slipway env list --service web --show", "those that web keeps, with their values"],
  ]);
}
