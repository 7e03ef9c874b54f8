/** `slipway domain remove`: takes a host or a path away, at once. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import { nearest } from "../../lib/nearest.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { openProject } from "../project-scope.ts";
import { routeText } from "../service-text.ts";

export function createDomainRemoveCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .argument("<domain>", "as `slipway domain list` shows it")
    .addOption(projectOption())
    .action(async (s: string, typed: string, { project }: { readonly project?: string }) => {
      const { client, p } = await openProject(context, project);
      const params = { p, s };
      const { data } = await client.calls.ask("GET /api/projects/:p/services/:s/routes", { params });
      const found = data.find((route) => routeText(route) === typed.toLowerCase() || routeText(route) === typed);
      if (found === undefined) throw unknown(s, typed, data.map(routeText));
      const { id } = found;
      await client.calls.ask("DELETE /api/projects/:p/services/:s/routes/:id", { params: { ...params, id } });
      context.output.note(`${s}: ${typed} is taken away`);
      context.output.result({ removed: found }, "");
    });
  return withExamples(command, [["slipway domain remove web shop.example.com", "free for another service at once"]]);
}

function unknown(service: string, typed: string, known: readonly string[]): AppError {
  const near = nearest(typed, known);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return new AppError("not_found", `${service} has no domain ${typed}.${hint}`, {
    remedy: `\`slipway domain list ${service}\` shows what it has.`,
  });
}
