/** Which project a command is about, and what it does there. */

import type { ProjectView, ServiceView } from "../api/views.ts";
import { isAppError } from "../domain/errors.ts";
import { DEFAULT_PROJECT_SLUG } from "../domain/project.ts";
import type { ApiClient } from "./api-client.ts";
import type { CliContext } from "./cli-context.ts";

export type ProjectScope = {
  readonly client: ApiClient;
  /** Its slug: what paths of the API name it by. */
  readonly p: string;
  readonly project: ProjectView;
};

/** What `--project` says, else what `slipway project use` stored, else `default`. @throws AppError `not_found`, `conflict` */
export async function openProject(context: CliContext, typed: string | undefined): Promise<ProjectScope> {
  const client = await context.connect();
  const wanted = typed ?? client.project ?? DEFAULT_PROJECT_SLUG;
  const project = await client.calls.ask("GET /api/projects/:p", { params: { p: wanted } });
  return { client, p: project.slug, project };
}

/** The image service of that name, or undefined when there is none. */
export async function findImageService(
  client: ApiClient,
  ref: { readonly name: string; readonly project?: string | undefined },
): Promise<ServiceView | undefined> {
  const p = ref.project ?? client.project ?? DEFAULT_PROJECT_SLUG;
  try {
    const service = await client.calls.ask("GET /api/projects/:p/services/:s", { params: { p, s: ref.name } });
    return service.kind === "image" ? service : undefined;
  } catch (error) {
    if (isAppError(error, "not_found")) return undefined;
    throw error;
  }
}

/** Does `work` with the function; where there is none of that name, `other` with the image service that has it. */
export async function orImageService<T>(
  client: ApiClient,
  ref: { readonly name: string; readonly project?: string | undefined },
  work: () => Promise<T>,
  other: (scope: ProjectScope, service: ServiceView) => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
    const service = await findImageService(client, ref);
    if (service === undefined) throw error;
    const project = await client.calls.ask("GET /api/projects/:p", { params: { p: service.project_id } });
    return other({ client, p: project.slug, project }, service);
  }
}
