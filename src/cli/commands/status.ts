/** `slipway status`: functions with their instances and images. The JSON is the one that scripts of FaaSO's users read. */

import { Command, Option } from "commander";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { FunctionView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { functionDetails, listTable } from "../function-text.ts";
import { hintingAtNames } from "../known-name.ts";
import { localStatus } from "../local/local-status.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";
import { orImageService } from "../project-scope.ts";
import { readServiceFacts } from "../service-facts.ts";
import { type ServiceFacts, serviceDetails } from "../service-text.ts";

type ProjectChoice = { readonly project?: string; readonly allProjects?: true };

/** Views fetched at the same time. */
const PARALLEL = 4;

export function createStatusCommand(context: CliContext): Command {
  const { output, deps } = context;
  const command = new Command()
    .argument("[names...]", "functions, or image services of the project (default: all functions)")
    .option("-A, --all-projects", "those of all projects, whatever `slipway project use` says")
    .addOption(
      new Option("-p, --project <project>", "only those of this project (default: that of `slipway project use`)"),
    )
    .addOption(localOption())
    .action(async (names: readonly string[], { project, allProjects, local }: ProjectChoice & LocalOption) => {
      if (local === true) return localStatus(names, context);
      const client = await context.connect();
      const refs =
        names.length === 0
          ? await allRefs(client, allProjects === true ? null : project)
          : names.map((name) => ({ name, project }));
      const found = await statusOf(client, refs, context);
      const text =
        found.length === 0
          ? listTable([], output.style, deps.now(), output.columns)
          : found.map((one) => one.text).join("\n");
      output.result(
        found.map((one) => one.document),
        text,
      );
    });
  return withExamples(command, [
    ["slipway status", "all functions"],
    ["slipway status hello --json", "one, for a script"],
  ]);
}

async function allRefs(client: ApiClient, project: string | null | undefined): Promise<readonly FunctionRef[]> {
  return (await client.listFunctions(project)).map((view) => ({ name: view.name, project: view.project }));
}

type Status = { readonly document: object; readonly text: string };

async function statusOf(
  client: ApiClient,
  refs: readonly FunctionRef[],
  { output, deps }: CliContext,
): Promise<readonly Status[]> {
  const found: Status[] = [];
  const look = (ref: FunctionRef): Promise<Status> =>
    orImageService(
      client,
      ref,
      async () => {
        const view = await hintingAtNames(client, ref, () => client.getFunction(ref));
        return { document: statusDocument(view), text: functionDetails(view, output.style, deps.now()) };
      },
      async (scope, service) => {
        const facts = await readServiceFacts(scope, service.id);
        return { document: serviceDocument(facts, scope.p), text: serviceDetails(facts, output.style, deps.now()) };
      },
    );
  for (let i = 0; i < refs.length; i += PARALLEL)
    found.push(...(await Promise.all(refs.slice(i, i + PARALLEL).map(look))));
  return found;
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

/** The same of an image service. */
function serviceDocument({ service, containers }: ServiceFacts, project: string): object {
  return {
    name: service.name,
    project,
    kind: service.kind,
    status: service.status,
    scale: service.replicas,
    url: service.url,
    deployment: service.active_deployment_id,
    instances: containers.map((c) => ({
      id: c.id,
      name: (c.docker_container_id ?? "").slice(0, 12),
      current: c.deployment_id === service.active_deployment_id,
      healthy: c.status === "running",
      startedAt: c.created_at,
    })),
    images: [],
  };
}
