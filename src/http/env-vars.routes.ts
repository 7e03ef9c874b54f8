/** Environment variables of projects, groups and services (reference 1.5): read at once, changed only by staging. */

import type { EnvVarView, PendingChangeView } from "../api/views.ts";
import type { Actor } from "../domain/actor.ts";
import { userIdOf } from "../domain/actor.ts";
import type { EnvScope, EnvVar } from "../domain/env-var.ts";
import { AppError } from "../domain/errors.ts";
import type { ChangeBody } from "../domain/pending-change.ts";
import type { Project } from "../domain/project.ts";
import type { App } from "./app.ts";
import { findProject, groupOf, serviceOf } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { envVarView, pendingChangeView } from "./project-views.ts";
import { serve } from "./serve.ts";

/** Who keeps variables, in a project. */
type Scope = { readonly project: Project; readonly scope: EnvScope; readonly scopeId: string };
type Params = { readonly p: string; readonly g?: string; readonly s?: string };
type Given = { readonly key: string; readonly value: string };

export function envVarRoutes(app: App, options: ProjectRoutesOptions): void {
  const variables = scopedVariables(options);
  for (const part of ["", "/groups/:g", "/services/:s"] as const) {
    const base = `/api/projects/:p${part}/env-vars` as const;
    serve(app, `GET ${base}`, "member", ({ params }) => variables.list(params));
    serve(app, `POST ${base}`, "member", ({ params, body, request }) => variables.create(params, body, request.actor));
    serve(app, `PATCH ${base}/:id`, "member", ({ params, body, request }) =>
      variables.update(params, params.id, body?.value, request.actor),
    );
    serve(app, `DELETE ${base}/:id`, "member", ({ params, request }) =>
      variables.remove(params, params.id, request.actor),
    );
  }
  serve(app, "POST /api/projects/:p/pending-services/:tempId/env-vars", "member", ({ params, body, request }) =>
    variables.createPending(params, params.tempId, body, request.actor),
  );
}

function scopedVariables({ stores, staged }: ProjectRoutesOptions) {
  const stage = async (project: Project, change: ChangeBody, actor: Actor | undefined): Promise<PendingChangeView> =>
    pendingChangeView(await staged.append(project.id, change, userIdOf(actor)));

  const scopeOf = async ({ p, g, s }: Params): Promise<Scope> => {
    const project = await findProject(stores.projects, p);
    if (g !== undefined) return { project, scope: "group", scopeId: await groupOf(stores.canvas, project, g) };
    if (s !== undefined) return { project, scope: "service", scopeId: (await serviceOf(stores, project, s)).id };
    return { project, scope: "project", scopeId: project.id };
  };

  const find = async ({ scope, scopeId }: Scope, id: string): Promise<EnvVar> => {
    const found = await stores.envVars.find(id);
    if (found?.scope === scope && found.scopeId === scopeId) return found;
    throw new AppError("not_found", `There is no variable ${id} of this ${scope}.`);
  };

  return {
    async list(params: Params): Promise<{ data: EnvVarView[] }> {
      const { project, scope, scopeId } = await scopeOf(params);
      const found = await stores.envVars.list({ projectId: project.id, scope, scopeId });
      return { data: found.map(envVarView) };
    },
    async create(params: Params, { key, value }: Given, actor: Actor | undefined): Promise<PendingChangeView> {
      const { project, scope, scopeId } = await scopeOf(params);
      const payload = { scope, key, value };
      return stage(project, { op: "env_var.create", targetId: scopeId, parentTempId: null, payload }, actor);
    },
    async update(
      params: Params,
      id: string,
      value: string | undefined,
      actor: Actor | undefined,
    ): Promise<PendingChangeView> {
      const of = await scopeOf(params);
      const variable = await find(of, id);
      if (value === undefined) throw new AppError("invalid", "value is required.");
      return stage(of.project, { op: "env_var.update", targetId: id, payload: { ...editOf(variable), value } }, actor);
    },
    async remove(params: Params, id: string, actor: Actor | undefined): Promise<PendingChangeView> {
      const of = await scopeOf(params);
      const variable = await find(of, id);
      return stage(of.project, { op: "env_var.delete", targetId: id, payload: editOf(variable) }, actor);
    },
    async createPending(
      { p }: Params,
      tempId: string,
      { key, value }: Given,
      actor: Actor | undefined,
    ): Promise<PendingChangeView> {
      const project = await findProject(stores.projects, p);
      const isStaged = (await staged.list(project.id)).some(
        (c) => c.op === "service.create" && c.targetTempId === tempId,
      );
      if (!isStaged)
        throw new AppError("not_found", `There is no staged service ${tempId} in project ${project.slug}.`);
      const payload = { scope: "service", key, value } as const;
      return stage(project, { op: "env_var.create", targetId: null, parentTempId: tempId, payload }, actor);
    },
  };
}

/** Which variable an entry of the log is about. */
export function editOf({ scope, scopeId, key, value }: EnvVar) {
  return { scope, scopeId, key, oldValue: value };
}
