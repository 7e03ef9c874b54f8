/** `/api/projects` (reference 1.5): projects themselves. */

import { userIdOf } from "../domain/actor.ts";
import type { ProjectFilter } from "../domain/project.ts";
import type { App } from "./app.ts";
import { findProject } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { pendingChangeView, projectView } from "./project-views.ts";
import { envelope, pageOf } from "./schemas.ts";
import { serve } from "./serve.ts";

export function projectRoutes(app: App, { stores, projects, staged }: ProjectRoutesOptions): void {
  const find = (idOrSlug: string) => findProject(stores.projects, idOrSlug);

  serve(app, "POST /api/projects", "member", async ({ body }) => projectView(await projects.create(body)));
  serve(app, "GET /api/projects", "member", async ({ query }) => {
    const page = pageOf(query);
    const filter: ProjectFilter = query.name === undefined ? {} : { name: query.name };
    const found = await stores.projects.list({ ...filter, ...page });
    return envelope(found.map(projectView), await stores.projects.count(filter), page);
  });
  serve(app, "GET /api/projects/:p", "member", async ({ params }) => projectView(await find(params.p)));
  serve(app, "PATCH /api/projects/:p", "member", async ({ params, body, request }) => {
    const { id } = await find(params.p);
    const change = { op: "project.update", payload: { name: body.name } } as const;
    return pendingChangeView(await staged.append(id, change, userIdOf(request.actor)));
  });
  serve(app, "DELETE /api/projects/:p", "member", async ({ params, query }) => {
    await projects.remove(await find(params.p), { volumes: query.volumes });
    return undefined;
  });
}
