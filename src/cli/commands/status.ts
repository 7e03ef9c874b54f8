/** `slipway status`: functions with their instances and images. The JSON is the one that scripts of FaaSO's users read. */

import { Command, Option } from "commander";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { FunctionView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionDetails, functionTable } from "../function-text.ts";
import { hintingAtNames } from "../known-name.ts";
import { localStatus } from "../local/local-status.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";

/** Views fetched at the same time. */
const PARALLEL = 4;

export function createStatusCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[names...]", "functions to show (default: all)")
    .addOption(new Option("-p, --project <slug>", "only those of this project"))
    .addOption(localOption())
    .action(async (names: readonly string[], { project, local }: { readonly project?: string } & LocalOption) => {
      if (local === true) return localStatus(names, context);
      const client = await context.connect();
      const refs = names.length === 0 ? await allRefs(client, project) : names.map((name) => ({ name, project }));
      const views = await viewsOf(client, refs);
      const text =
        views.length === 0
          ? functionTable(views, output.style, deps.now(), output.columns)
          : views.map((view) => functionDetails(view, output.style, deps.now())).join("\n");
      output.result(views.map(statusDocument), text);
    });
  return withExamples(command, [
    ["slipway status", "all functions"],
    ["slipway status hello --json", "one, for a script"],
  ]);
}

async function allRefs(client: ApiClient, project: string | undefined): Promise<readonly FunctionRef[]> {
  return (await client.listFunctions(project)).map((view) => ({ name: view.name, project: view.project }));
}

async function viewsOf(client: ApiClient, refs: readonly FunctionRef[]): Promise<readonly FunctionView[]> {
  const views: FunctionView[] = [];
  for (let i = 0; i < refs.length; i += PARALLEL) {
    const some = refs.slice(i, i + PARALLEL);
    views.push(...(await Promise.all(some.map((ref) => hintingAtNames(client, ref, () => client.getFunction(ref))))));
  }
  return views;
}

/** The shape of design 9, in camelCase. */
function statusDocument(view: FunctionView): object {
  return {
    name: view.name,
    project: view.project,
    kind: view.kind,
    status: view.status,
    scale: view.replicas,
    url: view.url,
    deployment: view.active_deployment_id,
    instances: view.instances.map((i) => ({
      id: i.id,
      name: i.name,
      current: i.current,
      healthy: i.healthy,
      startedAt: i.started_at,
    })),
    images: (view.images ?? []).map((image) => ({ id: image.id, tags: image.tags, createdAt: image.created_at })),
  };
}
