/** `slipway project list`: all projects, the one that commands mean marked. */

import { Command } from "commander";
import { DEFAULT_PROJECT_SLUG } from "../../domain/project.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { projectTable } from "../project-text.ts";

export function createProjectListCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command().action(async () => {
    const client = await context.connect();
    const projects = await client.calls.all("GET /api/projects", {});
    const current = client.project ?? DEFAULT_PROJECT_SLUG;
    output.result(projects, projectTable(projects, current, output.style, deps.now()));
  });
  return withExamples(command, [
    ["slipway project list", "the star marks the one that commands mean"],
    ["slipway project list --json", "with ids and times"],
  ]);
}
