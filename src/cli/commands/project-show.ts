/** `slipway project show`: a project with its services and what is staged. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { serviceTable } from "../service-text.ts";
import { plural } from "../text-format.ts";

export function createProjectShowCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[project]", "slug, name or id (default: the one that commands mean)")
    .action(async (typed: string | undefined) => {
      const { client, p, project } = await openProject(context, typed);
      const params = { p };
      const services = await client.calls.all("GET /api/projects/:p/services", { params });
      const { data: variables } = await client.calls.ask("GET /api/projects/:p/env-vars", { params });
      const { data: groups } = await client.calls.ask("GET /api/projects/:p/groups", { params });
      const { data: staged } = await client.calls.ask("GET /api/projects/:p/pending-changes", { params });
      const facts = [
        ["slug", project.slug],
        ["id", project.id],
        ["groups", groups.map((group) => group.name).join(", ") || "none"],
        ["variables", variables.map((variable) => variable.key).join(", ") || "none"],
        [
          "staged",
          staged.length === 0 ? "nothing" : `${plural(staged.length, "change")}: slipway changes list -p ${p}`,
        ],
      ];
      const lines = facts.map(([key = "", value]) => `  ${key.padEnd(10)}  ${value}\n`).join("");
      const document = { ...project, services, groups, variables: variables.map((v) => v.key), staged: staged.length };
      const table = serviceTable(services, output.style, deps.now());
      output.result(document, `${output.style.bold(project.name)}\n${lines}\n${table}`);
    });
  return withExamples(command, [
    ["slipway project show", "the one that commands mean"],
    ["slipway project show shop --json", "another one, for a script"],
  ]);
}
