/** `slipway list`: functions and image services, a row each; with --json the functions. */

import { Command, Option } from "commander";
import type { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionRow, imageRow, type ListRow, listTable } from "../function-text.ts";
import { onlyNamed } from "../known-name.ts";

type ListOptions = { readonly project?: string; readonly allProjects?: true };

export function createListCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[names...]", "those to list (default: all)")
    .option("-A, --all-projects", "those of all projects, whatever `slipway project use` says")
    .addOption(
      new Option("-p, --project <project>", "only those of this project (default: that of `slipway project use`)"),
    )
    .action(async (names: readonly string[], { project, allProjects }: ListOptions) => {
      const client = await context.connect();
      const choose = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
        names.length === 0 ? all : onlyNamed(all, names, project);
      const functions = await client.listFunctions(allProjects === true ? null : project);
      if (output.isJson) {
        output.result(choose(functions), "");
        return;
      }
      const images = await imageRows(client, allProjects === true ? undefined : (project ?? client.project));
      const rows = choose([...functions.map(functionRow), ...images]);
      output.text(listTable(rows, output.style, deps.now(), output.columns));
    });
  return withExamples(command, [
    ["slipway list", "functions, and services made from images"],
    ["slipway list --json | jq -r '.[].url'", "the URLs of all functions; images: slipway service list --json"],
  ]);
}

/** Of one project, or of all. */
async function imageRows({ calls }: ApiClient, project: string | undefined): Promise<readonly ListRow[]> {
  const projects =
    project === undefined
      ? await calls.all("GET /api/projects", {})
      : [await calls.ask("GET /api/projects/:p", { params: { p: project } })];
  const rows = projects.map(async ({ slug }) => {
    const services = await calls.all("GET /api/projects/:p/services", { params: { p: slug } });
    return services.filter(({ kind }) => kind === "image").map((service) => imageRow(service, slug));
  });
  return (await Promise.all(rows)).flat();
}
