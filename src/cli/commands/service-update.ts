/** `slipway service update`: stages changes of a service; with --apply all that is staged takes effect at once. */

import { Command } from "commander";
import { applyChanges } from "../apply-changes.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { openProject } from "../project-scope.ts";
import { addServiceFlags, addSettingsFlags, type SettingsFlags, settingsOf } from "../service-flags.ts";

type UpdateOptions = SettingsFlags & {
  readonly name?: string;
  readonly apply?: true;
  readonly wait: boolean;
  readonly project?: string;
};

export function createServiceUpdateCommand(context: CliContext): Command {
  const command = addServiceFlags(addSettingsFlags(new Command().argument("<service>", "name or id")))
    .option("--name <name>", "another name; references to it follow")
    .option("--apply", "apply it now, with all else that is staged")
    .option("--no-wait", "with --apply: return at once")
    .addOption(projectOption())
    .action(async (s: string, options: UpdateOptions) => {
      const { name, apply } = options;
      const body = { ...settingsOf(options), ...(name !== undefined && { name }) };
      if (Object.keys(body).length === 0)
        throw new UsageError(`What of ${s} shall change?`, { remedy: "Give at least one flag, such as --replicas 2." });
      const scope = await openProject(context, options.project);
      const { client, p } = scope;
      const change = await client.calls.ask("PATCH /api/projects/:p/services/:s", { params: { p, s }, body });
      if (apply === true) return applyChanges(scope, options.wait, context);
      context.output.result(change, `${s}: staged; \`slipway changes apply\` makes it so`);
    });
  return withExamples(command, [
    ["slipway service update web --image nginx:1.28", "staged, with `slipway changes apply` done"],
    ["slipway service update web --replicas 3 --apply", "at once, with all else that is staged"],
    ["slipway service update web --name shop", "`${{ web.URL }}` becomes `${{ shop.URL }}` everywhere"],
  ]);
}
