/** Whole projects as documents: `slipway apply` and `slipway export -f`. */

import type { ProjectDocuments } from "../domain/project-document.ts";
import type { ProjectSpecs } from "../domain/project-operations.ts";
import type { App } from "./app.ts";
import { findProject } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { applyResultView, projectView } from "./project-views.ts";
import { serve } from "./serve.ts";
import { serviceViewer } from "./service-views.ts";

export type ProjectSpecRoutesOptions = ProjectRoutesOptions & {
  readonly specs: ProjectSpecs;
  readonly documents: ProjectDocuments;
};

export function projectSpecRoutes(app: App, options: ProjectSpecRoutesOptions): void {
  const { stores, specs, documents } = options;
  const view = serviceViewer(options);

  serve(app, "GET /api/projects/:p/spec", "member", async ({ params, reply }) => {
    const spec = await specs.read(await findProject(stores.projects, params.p));
    reply.header("cache-control", "no-store");
    return { document: { ...(await documents.documentOf(spec)) } };
  });
  serve(app, "POST /api/projects/apply", "member", async ({ body }) => {
    const spec = await documents.check(body.document);
    const { prune, dry_run: isDryRun, plan: expectedPlan } = body;
    const answer = await specs.apply(spec, { prune, isDryRun, expectedPlan });
    const { project, changes, uploads, result } = answer;
    const views = (result?.createdDeployments ?? []).map(async (deployment) =>
      view.deployment(deployment, await stores.services.get(deployment.serviceId)),
    );
    return {
      plan: answer.plan,
      project: project && projectView(project),
      changes: changes.map((change) => ({ ...change, fields: [...change.fields] })),
      uploads: [...uploads],
      result: result && applyResultView(result, await Promise.all(views)),
    };
  });
  serve(app, "GET /api/projects/:p/groups", "member", async ({ params }) => ({
    data: [...(await specs.groups(await findProject(stores.projects, params.p)))],
  }));
}
