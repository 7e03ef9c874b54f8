/** Ctrl-C: the deployment under way is cancelled, and a function that is there only because of it goes with it. */

import { isAppError } from "../domain/errors.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { FunctionView } from "./api-views.ts";
import { Interrupted } from "./exit-codes.ts";

/** The function, or undefined when there is none of that name. */
export async function findFunction(client: ApiClient, ref: FunctionRef): Promise<FunctionView | undefined> {
  try {
    return await client.getFunction(ref);
  } catch (error) {
    if (isAppError(error, "not_found")) return undefined;
    throw error;
  }
}

/** What to end with once the deployment is taken back; `wasThere`: so was the function before this command. */
export async function takeBack(
  client: ApiClient,
  ref: FunctionRef,
  deploymentId: string,
  wasThere: boolean,
  interrupted: unknown,
): Promise<Interrupted> {
  try {
    await client.cancelDeployment(ref, deploymentId);
    const isGone = !wasThere && (await removeIfNothingElse(client, ref, deploymentId));
    const rest = isGone ? `; since it never ran, ${ref.name} is removed again` : "";
    return new Interrupted(`The deployment of ${ref.name} was cancelled${rest}.`, { cause: interrupted });
  } catch (error) {
    if (!isAppError(error)) throw error;
    return new Interrupted(`Interrupted; the deployment could not be cancelled: ${error.message}`, {
      cause: error,
      remedy: `It goes on without this command; look with \`slipway status ${ref.name}\`.`,
    });
  }
}

/** A function that somebody else has deployed meanwhile, or that has served, stays. */
async function removeIfNothingElse(client: ApiClient, ref: FunctionRef, deploymentId: string): Promise<boolean> {
  const deployments = await client.listDeployments(ref);
  const isAlone = deployments.every(({ id, healthy_at }) => id === deploymentId && healthy_at === null);
  if (isAlone) await client.deleteFunction(ref, { withVolumes: false });
  return isAlone;
}
