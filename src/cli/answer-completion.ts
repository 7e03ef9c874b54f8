/** `slipway __complete -- WORDS…`: what the completion scripts ask. Silent when no server answers: a Tab is no error. */

import { isAppError } from "../domain/errors.ts";
import { DEFAULT_PROJECT_SLUG } from "../domain/project.ts";
import { ApiClient } from "./api-client.ts";
import type { CliContext } from "./cli-context.ts";
import { completionCandidates } from "./completion-candidates.ts";
import { defaultProject } from "./default-project.ts";
import { findServer } from "./find-server.ts";

/** Prints one candidate per line for the last of `words`. */
export async function answerCompletion(words: readonly string[], context: CliContext): Promise<void> {
  const candidates = await completionCandidates(words, context, {
    functions: () => namesFrom(context, async (client) => (await client.listFunctions()).map((f) => f.name)),
    runtimes: () => namesFrom(context, async (client) => (await client.listRuntimes()).map((r) => r.name)),
    projects: () =>
      namesFrom(context, async (client) => (await client.calls.all("GET /api/projects", {})).map((p) => p.slug)),
    services: (project) => namesFrom(context, (client) => serviceNames(client, project)),
    presets: () =>
      namesFrom(context, async ({ calls }) => (await calls.ask("GET /api/presets/databases", {})).map((p) => p.id)),
  });
  context.output.text(candidates.join("\n"));
}

async function serviceNames(client: ApiClient, project: string | undefined): Promise<readonly string[]> {
  const params = { p: project ?? client.project ?? DEFAULT_PROJECT_SLUG };
  return (await client.calls.all("GET /api/projects/:p/services", { params })).map((service) => service.name);
}

async function namesFrom(
  { deps }: CliContext,
  list: (client: ApiClient) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  try {
    const { url, token } = await findServer(deps);
    return await list(new ApiClient(url, token, undefined, await defaultProject(deps, url)));
  } catch (error) {
    if (isAppError(error)) return [];
    throw error;
  }
}
