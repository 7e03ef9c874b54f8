/** `slipway env import`: stages the variables of a dotenv file. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { parseDotenv } from "../dotenv.ts";
import { findEnvScope, groupOption, type ScopeOptions, serviceOption } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";
import { readText } from "../read-text.ts";
import { stageVariables } from "../stage-variables.ts";

type ImportOptions = ScopeOptions & { readonly apply?: true; readonly wait: boolean };

export function createEnvImportCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<file>", "KEY=value lines, as in .env files; - is standard input")
    .option("--apply", "apply them now, with all else that is staged")
    .option("--no-wait", "with --apply: return at once")
    .addOption(serviceOption())
    .addOption(groupOption())
    .addOption(projectOption())
    .action(async (file: string, options: ImportOptions) => {
      const { text, name } = await readText(file, context.deps, "Name a file of KEY=value lines.");
      const variables = parseDotenv(text, name);
      const scope = await openProject(context, options.project);
      const of = await findEnvScope(scope, options);
      const pairs = variables.map(({ key, value }) => [key, value] as const);
      const outcomes = await stageVariables(scope, of, pairs, context);
      if (options.apply === true) return applyChanges(scope, options.wait, context);
      context.output.result(outcomes, "");
    });
  return withExamples(command, [
    ["slipway env import .env --service web", "staged, with `slipway changes apply` done"],
    ["slipway env import production.env --apply", "for all services, at once"],
  ]);
}
