/** `slipway env set`: stages values; with --apply they take effect at once. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { collectPairs, projectOption, withExamples } from "../command-help.ts";
import { findEnvScope, groupOption, type ScopeOptions, serviceOption } from "../env-scope.ts";
import { openProject } from "../project-scope.ts";
import { stageVariables } from "../stage-variables.ts";

type SetOptions = ScopeOptions & { readonly apply?: true; readonly wait: boolean };

export function createEnvSetCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<KEY=value...>", "one or several", collectPairs)
    .option("--apply", "apply it now, with all else that is staged")
    .option("--no-wait", "with --apply: return at once")
    .addOption(serviceOption())
    .addOption(groupOption())
    .addOption(projectOption())
    .action(async (pairs: Readonly<Record<string, string>>, options: SetOptions) => {
      const scope = await openProject(context, options.project);
      const of = await findEnvScope(scope, options);
      const outcomes = await stageVariables(scope, of, Object.entries(pairs), context);
      if (options.apply === true) return applyChanges(scope, options.wait, context);
      context.output.result(outcomes, "");
    });
  return withExamples(command, [
    ["slipway env set LEVEL=info", "for all services, once changes are applied"],
    ["slipway env set --service web 'DATABASE_URL=${{ db.URL }}' --apply", "for one, at once"],
    ["slipway env set --group backend CACHE=redis://cache", "for those in a group of the canvas"],
  ]);
}
