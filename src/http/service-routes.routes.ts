/** `/api/projects/:p/services/:s/routes` (design 2): domains and paths that an owner gives a service by hand. */

import { routeClaimOf } from "../domain/route-claim-rules.ts";
import type { App } from "./app.ts";
import { findService } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { serve } from "./serve.ts";
import { routeView } from "./service-views.ts";

export function serviceRouteRoutes(app: App, { stores, edits, ownHosts }: ProjectRoutesOptions): void {
  serve(app, "GET /api/projects/:p/services/:s/routes", "member", async ({ params }) => {
    const { service } = await findService(stores, params);
    return { data: (await stores.routes.list({ serviceId: service.id })).map(routeView) };
  });
  serve(app, "POST /api/projects/:p/services/:s/routes", "member", async ({ params, body }) => {
    const { service } = await findService(stores, params);
    const { host, path = "" } = body;
    const claim = routeClaimOf(host === undefined ? "path" : "host", host ?? path, "", ownHosts);
    return routeView(await edits.addRoute(service, claim));
  });
  serve(app, "DELETE /api/projects/:p/services/:s/routes/:id", "member", async ({ params }) => {
    const { service } = await findService(stores, params);
    await edits.removeRoute(service, params.id);
    return undefined;
  });
}
