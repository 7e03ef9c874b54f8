/** `slipway domain list`: where services answer beside their names. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { routeText } from "../service-text.ts";
import { renderTable } from "../table.ts";

export function createDomainListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .argument("[service]", "name or id (default: all of the project)")
    .addOption(projectOption())
    .action(async (name: string | undefined, { project }: { readonly project?: string }) => {
      const { client, p } = await openProject(context, project);
      const services =
        name === undefined
          ? await client.calls.all("GET /api/projects/:p/services", { params: { p } })
          : [await client.calls.ask("GET /api/projects/:p/services/:s", { params: { p, s: name } })];
      const views = [];
      for (const service of services) {
        const params = { p, s: service.id };
        const { data } = await client.calls.ask("GET /api/projects/:p/services/:s/routes", { params });
        views.push(...data.map((route) => ({ ...route, service: service.name })));
      }
      const rows = views.map((v) => [
        output.style.bold(routeText(v)),
        v.service,
        v.origin === "owner" ? "by hand" : "its manifest",
      ]);
      output.result(views, rows.length === 0 ? "No domains." : renderTable(["DOMAIN", "SERVICE", "FROM"], rows));
    });
  return withExamples(command, [
    ["slipway domain list", "all of the project"],
    ["slipway domain list web --json", "of one service, for a script"],
  ]);
}
