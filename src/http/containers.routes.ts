/** `/api/projects/:p/services/:s/containers` (reference 1.5): what runs of a service. */

import type { ContainerView } from "../api/views.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import type { App } from "./app.ts";
import { findService } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { envelope, pageOf } from "./schemas.ts";
import { serve } from "./serve.ts";
import { containerView } from "./service-views.ts";

export function containerRoutes(app: App, { stores }: Pick<ProjectRoutesOptions, "stores">): void {
  serve(app, "GET /api/projects/:p/services/:s/containers", "member", async ({ params, query }) => {
    const { service } = await findService(stores, params);
    const page = pageOf(query);
    const { deployment_id: deploymentId, status } = query;
    const all = (await containersOf(stores, service)).filter(
      (c) =>
        (deploymentId === undefined || c.deployment_id === deploymentId) &&
        (status === undefined || c.status === status),
    );
    return envelope(all.slice(page.offset, page.offset + page.limit), all.length, page);
  });
}

/** Newest first; equal times by id. */
async function containersOf(stores: Stores, service: Service): Promise<readonly ContainerView[]> {
  const records = await stores.instances.list({ serviceId: service.id });
  const madeAt = new Map((await stores.deployments.list({ serviceId: service.id })).map((d) => [d.id, d.createdAt]));
  return records
    .map((record) => containerView(record, madeAt.get(record.deploymentId) ?? service.createdAt))
    .toSorted((a, b) =>
      a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? 1 : -1,
    );
}
