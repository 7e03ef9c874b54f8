/** `/api/projects/:p/services` (reference 1.5): creating, reading and staging at once; acts take effect at once. */

import type { ServiceView } from "../api/views.ts";
import { userIdOf } from "../domain/actor.ts";
import { AppError } from "../domain/errors.ts";
import type { Service, ServiceFilter } from "../domain/service.ts";
import type { App } from "./app.ts";
import { findProject, findService } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { pendingChangeView } from "./project-views.ts";
import { envelope, pageOf } from "./schemas.ts";
import { serve } from "./serve.ts";
import { draftOf, patchOf } from "./service-drafts.ts";
import { serviceViewer } from "./service-views.ts";

export function serviceRoutes(app: App, options: ProjectRoutesOptions): void {
  const { stores, edits, staged, presets } = options;
  const view = serviceViewer(options);

  serve(app, "POST /api/projects/:p/services", "member", async ({ params, body }) => {
    const project = await findProject(stores.projects, params.p);
    const { service } = await edits.create(project, await draftOf(body, presets));
    return view.service(service);
  });
  serve(app, "GET /api/projects/:p/services", "member", async ({ params, query }) => {
    const { id: projectId } = await findProject(stores.projects, params.p);
    const page = pageOf(query);
    const filter: ServiceFilter = { projectId, ...(query.name !== undefined && { name: query.name }) };
    const found = await stores.services.list({ ...filter, ...page, order: "newest" });
    return envelope(await Promise.all(found.map(view.service)), await stores.services.count(filter), page);
  });
  serve(app, "GET /api/projects/:p/services/:s", "member", async ({ params }) =>
    view.service((await findService(stores, params)).service),
  );
  serve(app, "PATCH /api/projects/:p/services/:s", "member", async ({ params, body, request }) => {
    const { project, service } = await findService(stores, params);
    const change = { op: "service.update", targetId: service.id, payload: patchOf(body, service) } as const;
    return pendingChangeView(await staged.append(project.id, change, userIdOf(request.actor)));
  });
  serve(app, "DELETE /api/projects/:p/services/:s", "member", async ({ params, request }) => {
    const { project, service } = await findService(stores, params);
    const change = { op: "service.delete", targetId: service.id, payload: {} } as const;
    return pendingChangeView(await staged.append(project.id, change, userIdOf(request.actor)));
  });
  addActs(app, options, view.service);
}

const ACTS = ["start", "stop", "restart"] as const;

function addActs(
  app: App,
  { stores, lifecycle }: ProjectRoutesOptions,
  viewOf: (service: Service) => Promise<ServiceView>,
): void {
  for (const act of ACTS) {
    serve(app, `POST /api/projects/:p/services/:s/${act}`, "member", async ({ params }) => {
      const { service } = await findService(stores, params);
      await lifecycle[act](service);
      return viewOf(await stores.services.get(service.id));
    });
  }
  serve(app, "POST /api/projects/:p/services/:s/scale", "member", async ({ params, body }) => {
    const { service } = await findService(stores, params);
    await lifecycle.scale(service, body.replicas);
    return viewOf(await stores.services.get(service.id));
  });
  serve(app, "POST /api/projects/:p/services/:s/rollback", "member", async ({ params, body }) => {
    const { service } = await findService(stores, params);
    await requireInProject(stores, service, body?.deployment_id);
    await lifecycle.rollback(service, body?.deployment_id);
    return viewOf(await stores.services.get(service.id));
  });
}

/** One of another project is not known here; that of another service is refused by the lifecycle. @throws AppError `not_found` */
async function requireInProject(
  { deployments, services }: Pick<ProjectRoutesOptions["stores"], "deployments" | "services">,
  service: Service,
  deploymentId: string | undefined,
): Promise<void> {
  if (deploymentId === undefined) return;
  const owner = await services.find((await deployments.get(deploymentId)).serviceId);
  if (owner?.projectId !== service.projectId)
    throw new AppError("not_found", `There is no deployment ${deploymentId} of ${service.name}.`);
}
