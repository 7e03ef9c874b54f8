/** `slipway rollback`: lets an earlier deployment serve again. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { DeploymentView, FunctionView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { followDeployment } from "../follow-deployment.ts";
import { statusLine } from "../function-action.ts";
import { hintingAtNames } from "../known-name.ts";
import { Progress } from "../progress.ts";
import { orImageService } from "../project-scope.ts";
import { rollBackService, showService } from "../service-action.ts";

type RollbackOptions = { readonly project?: string; readonly wait: boolean };

const WHOLE_ID_LENGTH = 36;
/** States of a deployment that is on its way to serve; one whose image is gone is built again. */
const COMING: readonly DeploymentView["status"][] = ["building", "pending", "starting"];

export function createRollbackCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<name>", "function, or image service of the project")
    .argument("[deployment]", "its id or the start of it (default: the healthy one before the present)")
    .addOption(projectOption())
    .option("--no-wait", "return at once; do not wait until it serves")
    .action(async (name: string, deployment: string | undefined, options: RollbackOptions) => {
      const client = await context.connect();
      const ref = { name, project: options.project };
      await orImageService(
        client,
        ref,
        () => rollBackFunction(client, ref, deployment, options.wait, context),
        async (scope) => showService(await rollBackService(scope, name, deployment, options.wait, context), context),
      );
    });
  return withExamples(command, [
    ["slipway rollback hello", "back to the version before"],
    ["slipway rollback hello 1f0c2a9e", "to one that `slipway deployments hello` shows"],
  ]);
}

async function rollBackFunction(
  client: ApiClient,
  ref: FunctionRef,
  deployment: string | undefined,
  waits: boolean,
  context: CliContext,
): Promise<void> {
  const answer = await hintingAtNames(client, ref, async () => {
    const id = deployment === undefined ? undefined : await wholeId(client, ref, deployment);
    return client.rollback(ref, id);
  });
  const view = waits ? await awaitRollback(client, ref, context) : answer;
  context.output.result(view, statusLine(view, context.output.style));
}

/** The function once the deployment that is coming, if there is one, serves. @throws AppError `deploy_failed` when it never will */
async function awaitRollback(client: ApiClient, ref: FunctionRef, context: CliContext): Promise<FunctionView> {
  const { deps, output, signal } = context;
  const coming = (await client.listDeployments(ref)).find(({ status }) => COMING.includes(status));
  if (coming === undefined) return client.getFunction(ref);
  const progress = new Progress(deps, output.isJson);
  try {
    await followDeployment(coming, { client, ref, progress, signal, now: deps.now });
    return await client.getFunction(ref);
  } finally {
    progress.stop();
  }
}

/** @throws AppError `not_found` or `conflict` when the start of an id fits none or several deployments */
async function wholeId(client: ApiClient, ref: FunctionRef, start: string): Promise<string> {
  if (start.length >= WHOLE_ID_LENGTH) return start;
  const fitting = (await client.listDeployments(ref)).filter((deployment) => deployment.id.startsWith(start));
  if (fitting.length === 1 && fitting[0] !== undefined) return fitting[0].id;
  const remedy = `\`slipway deployments ${ref.name}\` shows them.`;
  if (fitting.length === 0) {
    throw new AppError("not_found", `${ref.name} has no deployment that starts with ${start}.`, { remedy });
  }
  throw new AppError("conflict", `${fitting.length} deployments of ${ref.name} start with ${start}.`, { remedy });
}
