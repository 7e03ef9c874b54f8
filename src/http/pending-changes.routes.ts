/** `/api/projects/:p/pending-changes` and `/deploy` (reference 1.5, 1.10): the log of staged changes, and applying it. */

import type { StageWish } from "../api/pending-changes.ts";
import { userIdOf } from "../domain/actor.ts";
import { AppError } from "../domain/errors.ts";
import type { ChangeBody } from "../domain/pending-change.ts";
import type { Project } from "../domain/project.ts";
import { newId } from "../lib/ids.ts";
import type { App } from "./app.ts";
import { editOf } from "./env-vars.routes.ts";
import { findProject, groupOf, serviceOf } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { applyResultView, pendingChangeView } from "./project-views.ts";
import { serve } from "./serve.ts";
import { draftOf, patchOf } from "./service-drafts.ts";
import { serviceViewer } from "./service-views.ts";

export function pendingChangeRoutes(app: App, options: ProjectRoutesOptions): void {
  const { stores, staged } = options;
  const find = (idOrSlug: string) => findProject(stores.projects, idOrSlug);
  const view = serviceViewer(options);

  serve(app, "GET /api/projects/:p/pending-changes", "member", async ({ params }) => {
    const { changes, deploys, problem } = await staged.preview((await find(params.p)).id);
    return { data: changes.map(pendingChangeView), deploys: [...deploys], problem };
  });
  serve(app, "POST /api/projects/:p/pending-changes", "member", async ({ params, body, request }) => {
    const project = await find(params.p);
    const change = await changeOf(project, body, options);
    return pendingChangeView(await staged.append(project.id, change, userIdOf(request.actor)));
  });
  serve(app, "DELETE /api/projects/:p/pending-changes", "member", async ({ params }) => {
    await staged.discardAll((await find(params.p)).id);
    return undefined;
  });
  serve(app, "DELETE /api/projects/:p/pending-changes/:changeId", "member", async ({ params }) => {
    await staged.remove((await find(params.p)).id, params.changeId);
    return undefined;
  });
  serve(app, "POST /api/projects/:p/deploy", "member", async ({ params }) => {
    const result = await staged.apply((await find(params.p)).id);
    const views = result.createdDeployments.map(async (deployment) =>
      view.deployment(deployment, await stores.services.get(deployment.serviceId)),
    );
    return applyResultView(result, await Promise.all(views));
  });
}

/** @throws AppError `not_found` (its target), `invalid` */
async function changeOf(project: Project, wish: StageWish, options: ProjectRoutesOptions): Promise<ChangeBody> {
  const { stores, presets } = options;
  switch (wish.op) {
    case "project.update":
      return wish;
    case "service.create": {
      const targetTempId = wish.target_temp_id ?? newId();
      await requireFreeNode(project, targetTempId, options);
      return { op: wish.op, targetTempId, payload: await draftOf(wish.payload, presets) };
    }
    case "service.update": {
      const service = await serviceOf(stores, project, wish.target_id);
      return { op: wish.op, targetId: service.id, payload: patchOf(wish.payload, service) };
    }
    case "service.delete":
      return { op: wish.op, targetId: (await serviceOf(stores, project, wish.target_id)).id, payload: {} };
    case "env_var.create":
      return newVariable(project, wish, options);
    case "env_var.update":
    case "env_var.delete": {
      const variable = await stores.envVars.find(wish.target_id);
      if (variable?.projectId !== project.id)
        throw new AppError("not_found", `There is no variable ${wish.target_id} in project ${project.slug}.`);
      const edit = editOf(variable);
      if (wish.op === "env_var.delete") return { op: wish.op, targetId: variable.id, payload: edit };
      return { op: wish.op, targetId: variable.id, payload: { ...edit, value: wish.payload.value } };
    }
  }
}

/** A temporary id is that of the node on the canvas that shows the service. @throws AppError `conflict` */
async function requireFreeNode(project: Project, id: string, { stores }: ProjectRoutesOptions): Promise<void> {
  const node = await stores.canvas.findNode(id);
  if (node === undefined) return;
  if (node.projectId === project.id && node.type === "service" && node.serviceId === null) return;
  throw new AppError("conflict", "target_temp_id: stands for something else on a canvas.", {
    fields: { target_temp_id: ["stands for something else on a canvas"] },
    remedy: "Leave it out to have one made.",
  });
}

async function newVariable(
  project: Project,
  wish: Extract<StageWish, { readonly op: "env_var.create" }>,
  { stores, staged }: ProjectRoutesOptions,
): Promise<ChangeBody> {
  const { target_id: targetId, parent_temp_id: tempId, payload } = wish;
  const change = (id: string | null): ChangeBody => ({
    op: "env_var.create",
    targetId: id,
    parentTempId: id === null ? (tempId ?? null) : null,
    payload,
  });
  if (payload.scope === "project" && tempId === undefined) {
    if (targetId === undefined || targetId === project.id || targetId === project.slug) return change(project.id);
    throw new AppError("not_found", `${targetId} is not this project.`);
  }
  if (tempId !== undefined) {
    if (targetId !== undefined || payload.scope !== "service")
      throw new AppError("invalid", "parent_temp_id: stands for a staged service, with no target_id.", {
        fields: { parent_temp_id: ["stands for a staged service, with no target_id"] },
      });
    const isStaged = (await staged.list(project.id)).some(
      (c) => c.op === "service.create" && c.targetTempId === tempId,
    );
    if (isStaged) return change(null);
    throw new AppError("not_found", `There is no staged service ${tempId} in project ${project.slug}.`);
  }
  if (targetId === undefined)
    throw new AppError("invalid", "target_id: is required for this scope.", {
      fields: { target_id: [`is required: the ${payload.scope} that keeps the variable`] },
    });
  if (payload.scope === "group") return change(await groupOf(stores.canvas, project, targetId));
  return change((await serviceOf(stores, project, targetId)).id);
}
