/** Functions that were started outside Slipway: shown with the others, and never changed. */

import { type AdoptedFunction, type AdoptedFunctions, adoptedId } from "../domain/adoption.ts";
import { AppError } from "../domain/errors.ts";
import { DEFAULT_PROJECT_SLUG } from "../domain/project.ts";
import type { RouteClaim } from "../domain/route-claim.ts";
import type { Stores } from "../domain/stores.ts";
import type { App } from "./app.ts";
import type { UrlOf } from "./function-view.ts";
import type { FunctionView } from "./view-schemas.ts";

export type AdoptedOptions = {
  readonly stores: Pick<Stores, "services" | "projects">;
  /** Undefined: none are adopted. */
  readonly adopted: AdoptedFunctions | undefined;
  readonly urlOf: UrlOf;
  readonly routeUrlsOf: RouteUrlsOf;
};

export type RouteUrlsOf = (routes: readonly RouteClaim[]) => readonly string[];

/** Those that get requests, in the project (its id or slug) that the request is about; a service of their name has their place. */
export async function listAdopted(options: AdoptedOptions, project: string | undefined): Promise<FunctionView[]> {
  const all = (await isDefault(options, project)) ? (options.adopted?.list() ?? []) : [];
  const views = all.map(async (found) =>
    (await options.stores.services.findByRouteName(found.name)) === undefined ? [adoptedView(found, options)] : [],
  );
  return (await Promise.all(views)).flat();
}

export async function findAdopted(
  options: AdoptedOptions,
  name: string,
  project: string | undefined,
): Promise<FunctionView | undefined> {
  return (await listAdopted(options, project)).find((view) => view.name === name);
}

/** Whatever else is asked of one, also by routes that are yet to be added, is refused. */
export function guardAdopted(app: App, options: AdoptedOptions): void {
  app.addHook("preHandler", async (request) => {
    const { url = "" } = request.routeOptions;
    const isRead = url === ONE && (request.method === "GET" || request.method === "HEAD");
    if (isRead || (url !== ONE && !url.startsWith(`${ONE}/`))) return;
    const { name } = request.params as { name: string };
    const found = await findAdopted(options, name, (request.query as { project?: string }).project);
    if (found === undefined) return;
    const [container] = found.instances;
    throw new AppError("conflict", `${name} was started outside Slipway, which never changes it.`, {
      remedy: `Use docker, for example: docker logs ${container?.name}, docker stop ${container?.name}.`,
    });
  });
}

const ONE = "/api/functions/:name";

async function isDefault({ stores }: AdoptedOptions, idOrSlug: string | undefined): Promise<boolean> {
  if (idOrSlug === undefined || idOrSlug === DEFAULT_PROJECT_SLUG) return true;
  return (await stores.projects.findBySlug(DEFAULT_PROJECT_SLUG))?.id === idOrSlug;
}

function adoptedView({ name, instances }: AdoptedFunction, { urlOf, routeUrlsOf }: AdoptedOptions): FunctionView {
  const started = instances.flatMap(({ startedAt }) => startedAt ?? []);
  const [first, last] = [Math.min(...started), Math.max(...started)];
  const urls = [urlOf(name), ...routeUrlsOf([{ kind: "path", value: `/funko/${name}/` }])];
  return {
    id: adoptedId(name),
    name,
    project: DEFAULT_PROJECT_SLUG,
    kind: "adopted",
    status: "running",
    url: urls[0] ?? "",
    urls,
    runtime: null,
    tag: null,
    port: null,
    private: false,
    replicas: instances.length,
    scale: instances.length,
    saved_scale: instances.length,
    active_deployment_id: null,
    latest_deployment: null,
    error: null,
    created_at: time(first),
    updated_at: time(last),
    instances: instances.map((container) => ({
      id: container.id.slice(0, 12),
      name: container.name,
      deployment_id: "",
      current: true,
      healthy: true,
      state: "ready" as const,
      started_at: container.startedAt === null ? null : time(container.startedAt),
      restart_count: 0,
      last_exit_code: null,
      last_log_tail: null,
    })),
  };
}

/** Infinity stands for a time that nobody knows. */
function time(ms: number): string {
  return new Date(Number.isFinite(ms) ? ms : 0).toISOString();
}
