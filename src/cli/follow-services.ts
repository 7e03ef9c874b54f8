/** Waits until deployments of services serve, or have failed: what `changes apply`, `service deploy` and `apply` end with. */

import type { DeploymentView } from "../api/views.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { DeploymentView as FollowedView } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { Interrupted } from "./exit-codes.ts";
import { followDeployment } from "./follow-deployment.ts";
import { Progress } from "./progress.ts";
import type { ProjectScope } from "./project-scope.ts";

/** Deployments that are still on their way; what is built only, or is over, is not. */
const COMING: readonly DeploymentView["status"][] = ["building", "pending", "starting"];

/**
 * The deployments as they are at the end, all healthy. Each is waited for, whatever becomes of the others.
 * @throws AppError of the one that failed, or one about all that did; `conflict` when a newer one took its place
 */
export async function followServices(
  deployments: readonly DeploymentView[],
  scope: ProjectScope,
  context: CliContext,
): Promise<readonly DeploymentView[]> {
  const { deps, output } = context;
  const progress = new Progress(deps, output.isJson);
  const failures: AppError[] = [];
  const last: DeploymentView[] = [];
  try {
    for (const first of deployments) {
      if (!COMING.includes(first.status)) {
        last.push(first);
        continue;
      }
      try {
        progress.step(`deploying ${first.service}`);
        last.push(await followOne(first, scope, progress, context));
        progress.done(`${first.service} is up`);
      } catch (error) {
        if (error instanceof Interrupted) throw goesOn(scope);
        if (!isAppError(error) || context.signal.aborted) throw error;
        progress.stop();
        failures.push(error);
      }
    }
  } finally {
    progress.stop();
  }
  const [failure] = failures;
  if (failure === undefined) return last;
  throw failures.length === 1 ? failure : allOf(failures);
}

function goesOn({ p }: ProjectScope): Interrupted {
  return new Interrupted("Interrupted: nobody waits any more.", {
    remedy: `The server goes on with what was asked; look with \`slipway service list -p ${p}\`.`,
  });
}

async function followOne(
  first: DeploymentView,
  { client, p }: ProjectScope,
  progress: Progress,
  { deps, signal }: CliContext,
): Promise<DeploymentView> {
  const params = { p, s: first.service_id, d: first.id };
  let latest = first;
  const followed = {
    async getDeployment() {
      latest = await client.calls.ask("GET /api/projects/:p/services/:s/deployments/:d", { params });
      return followedView(latest);
    },
    buildLog: (_ref: unknown, _id: string, follow: boolean, logSignal: AbortSignal) =>
      client.services.buildLog({ p, s: first.service_id, d: first.id }, follow, logSignal),
  };
  const ref = { name: first.service, project: p };
  await followDeployment(followedView(first), { client: followed, ref, progress, signal, now: deps.now });
  return latest;
}

/** An image that is being fetched or made counts as a build: its log says how far it is. */
function followedView(view: DeploymentView): FollowedView {
  const isBuilding = view.status === "pending" && ["queued", "running"].includes(view.build?.status ?? "");
  return { ...view, function: view.service, status: isBuilding ? "building" : view.status };
}

function allOf(failures: readonly AppError[]): AppError {
  const [first] = failures;
  const logTail = failures.map((failure) => failure.logTail ?? "").join("\n");
  return new AppError(first?.code ?? "deploy_failed", failures.map((failure) => failure.message).join("\n"), {
    ...(logTail.trim() !== "" && { logTail }),
    remedy: "What served before still does. Mend the causes and deploy again.",
  });
}

/** The newest deployment of a service that is on its way, if there is one. */
export async function comingOf({ client, p }: ProjectScope, s: string): Promise<DeploymentView | undefined> {
  const { data } = await client.calls.ask("GET /api/projects/:p/services/:s/deployments", {
    params: { p, s },
    query: { limit: 5 },
  });
  return data.find(({ status }) => COMING.includes(status));
}
