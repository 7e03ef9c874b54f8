/** Reads a project as documents see it, in one transaction of its caller. */

import type { FunctionModel } from "../../domain/manifest-of.ts";
import type { Project } from "../../domain/project.ts";
import { groupNames, type ProjectPicture, type ServiceRoute } from "../../domain/project-picture.ts";
import type { Stores } from "../../domain/stores.ts";
import { findModel, readProjectState } from "./project-reader.ts";

export async function readPicture(tx: Stores, project: Project): Promise<ProjectPicture> {
  const state = await readProjectState(tx, project.id);
  const functions = new Map<string, FunctionModel>();
  const routes: ServiceRoute[] = [];
  for (const { id, kind } of state.services) {
    const model = kind === "function" ? await findModel(tx, await tx.services.get(id)) : undefined;
    if (model !== undefined) functions.set(id, model);
    const own = (await tx.routes.list({ serviceId: id })).filter((route) => route.origin === "owner");
    routes.push(...own.map(({ value }) => ({ serviceId: id, route: value })));
  }
  const groups = await readGroups(tx, project.id);
  return { state, slug: project.slug, groupNames: new Map(groups.map((g) => [g.id, g.name])), routes, functions };
}

/** Groups of its canvas, each name once, in order of creation. */
export async function readGroups(tx: Pick<Stores, "canvas">, projectId: string) {
  const nodes = (await tx.canvas.listNodes(projectId)).filter((node) => node.type === "group");
  return [...groupNames(nodes)].map(([id, name]) => ({ id, name }));
}
