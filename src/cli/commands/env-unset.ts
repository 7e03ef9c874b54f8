/** `slipway env unset`: stages that variables go. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { EnvStaging, findEnvScope, groupOption, type Outcome, type ScopeOptions, serviceOption } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";

type UnsetOptions = ScopeOptions & { readonly apply?: true; readonly wait: boolean };

export function createEnvUnsetCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<KEY...>", "one or several")
    .option("--apply", "apply it now, with all else that is staged")
    .option("--no-wait", "with --apply: return at once")
    .addOption(serviceOption())
    .addOption(groupOption())
    .addOption(projectOption())
    .action(async (keys: readonly string[], options: UnsetOptions) => {
      const { output } = context;
      const scope = await openProject(context, options.project);
      const of = await findEnvScope(scope, options);
      const staging = await EnvStaging.open(scope, of);
      const outcomes: { readonly key: string; readonly outcome: Outcome }[] = [];
      for (const key of keys) {
        const outcome = await staging.unset(key);
        outcomes.push({ key, outcome });
        output.note(outcome === "removed" ? `${key}: goes from ${of.words}` : `${key}: ${of.words} has none`);
      }
      if (options.apply === true) return applyChanges(scope, options.wait, context);
      output.result({ staged: outcomes }, "");
    });
  return withExamples(command, [
    ["slipway env unset LEVEL", "staged, with `slipway changes apply` done"],
    ["slipway env unset --service web DEBUG TRACE --apply", "two of one service, at once"],
  ]);
}
