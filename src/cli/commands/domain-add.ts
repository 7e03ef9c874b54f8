/** `slipway domain add`: a host or a path at which a service answers beside its name, at once. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";

export function createDomainAddCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .argument("<domain>", "shop.example.com or /shop")
    .addOption(projectOption())
    .action(async (s: string, typed: string, { project }: { readonly project?: string }) => {
      const { client, p } = await openProject(context, project);
      const body = typed.startsWith("/") ? { path: typed } : { host: typed };
      const route = await client.calls.ask("POST /api/projects/:p/services/:s/routes", { params: { p, s }, body });
      const service = await client.calls.ask("GET /api/projects/:p/services/:s", { params: { p, s } });
      if (service.private) context.output.warn(`${service.name} is private: nothing leads there until it is public`);
      context.output.result(route, `${service.name}: ${route.host ?? route.path}`);
    });
  return withExamples(command, [
    ["slipway domain add web shop.example.com", "point the domain's DNS at the server, too"],
    ["slipway domain add web /shop", "on the server's own address; the path is stripped"],
  ]);
}
