/** Applies all that is staged in a project, shows it, and waits until what is deployed for it serves or has failed. */

import type { ApplyResultView } from "../api/views.ts";
import { changeLines } from "./change-text.ts";
import type { CliContext } from "./cli-context.ts";
import { stagedOf } from "./env-scope.ts";
import { followServices } from "./follow-services.ts";
import type { ProjectScope } from "./project-scope.ts";
import { plural } from "./text-format.ts";

/** Prints the result. @throws AppError of the apply, or of the deployments that failed */
export async function applyChanges(scope: ProjectScope, waits: boolean, context: CliContext): Promise<void> {
  const { client, p } = scope;
  const { output } = context;
  const staged = await stagedOf(scope);
  const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
  if (staged.length > 0) output.note(changeLines(staged, services, output.style).trimEnd());
  const result = await client.calls.ask("POST /api/projects/:p/deploy", { params: { p } });
  const deployments = waits
    ? await followServices(result.created_deployments, scope, context)
    : result.created_deployments;
  output.result({ ...result, created_deployments: deployments }, summaryOf(result));
}

function summaryOf({ applied_count, created_deployments }: ApplyResultView): string {
  if (applied_count === 0) return "Nothing was staged.";
  const names = created_deployments.map((deployment) => deployment.service).sort();
  const deployed = names.length === 0 ? "nothing had to be deployed" : `deployed: ${names.join(", ")}`;
  return `Applied ${plural(applied_count, "change")}; ${deployed}.`;
}
