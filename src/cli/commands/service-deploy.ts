/** `slipway service deploy`: a new deployment at once, and the wait until it serves or has failed. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { collectPairs, projectOption, withExamples } from "../command-help.ts";
import { followServices } from "../follow-services.ts";
import { openProject } from "../project-scope.ts";
import { addSettingsFlags, runSettingsOf, type SettingsFlags } from "../service-flags.ts";
import { serviceLine } from "../service-text.ts";

type DeployOptions = SettingsFlags & {
  readonly env?: Readonly<Record<string, string>>;
  readonly wait: boolean;
  readonly project?: string;
};

export function createServiceDeployCommand(context: CliContext): Command {
  const command = addSettingsFlags(new Command().argument("<service>", "name or id"))
    .option("--env <KEY=value>", "a variable of this deployment alone (repeatable)", collectPairs)
    .option("--no-wait", "return at once; do not wait until it serves")
    .addOption(projectOption())
    .action(async (s: string, options: DeployOptions) => {
      const scope = await openProject(context, options.project);
      const { client, p } = scope;
      const body = { ...runSettingsOf(options), ...(options.env !== undefined && { env_vars: { ...options.env } }) };
      const params = { p, s };
      const first = await client.calls.ask("POST /api/projects/:p/services/:s/deployments", { params, body });
      const [deployment = first] = options.wait ? await followServices([first], scope, context) : [];
      const service = await client.calls.ask("GET /api/projects/:p/services/:s", { params });
      context.output.result({ service, deployment }, serviceLine(service, context.output.style));
    });
  return withExamples(command, [
    ["slipway service deploy web", "what is left out is as it was"],
    ["slipway service deploy web --image nginx:1.28", "another image; the present one serves until it is ready"],
  ]);
}
