/** Finds what a path names. What belongs to somebody else is as unknown as what is not there. */

import type { CanvasStore } from "../domain/canvas.ts";
import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { Project, ProjectStore } from "../domain/project.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { nearest } from "../lib/nearest.ts";

/**
 * By id, slug, or a name that only one project has; what comes first in this list wins. Slugs and names are found whatever
 * their case; a name in its own case goes before others.
 * @throws AppError `not_found` with the nearest slug, `conflict` naming the slugs of those that share the name
 */
export async function findProject(
  projects: Pick<ProjectStore, "get" | "findBySlug" | "list">,
  idOrSlug: string,
): Promise<Project> {
  const found = (await projectById(projects, idOrSlug)) ?? (await projects.findBySlug(foldCase(idOrSlug)));
  if (found !== undefined) return found;
  const all = await projects.list();
  const named = onlyNamed(all, idOrSlug);
  if (named !== undefined) return named;
  const near = nearest(
    idOrSlug.toLowerCase(),
    all.map(({ slug }) => slug),
  );
  throw new AppError("not_found", `There is no project ${idOrSlug}.`, {
    remedy: near === undefined ? "See what there is: slipway project list." : `Did you mean ${near}?`,
  });
}

function onlyNamed(all: readonly Project[], name: string): Project | undefined {
  const folded = foldCase(name);
  const alike = all.filter((project) => foldCase(project.name) === folded);
  const exact = alike.filter((project) => project.name === name);
  const named = exact.length === 0 ? alike : exact;
  if (named.length <= 1) return named[0];
  const slugs = named.map(({ slug }) => slug).sort();
  throw new AppError("conflict", `${named.length} projects are called ${name}: ${slugs.join(", ")}.`, {
    remedy: "Name the one that is meant by its slug.",
  });
}

function foldCase(name: string): string {
  return name.normalize().toLowerCase();
}

async function projectById(projects: Pick<ProjectStore, "get">, id: string): Promise<Project | undefined> {
  try {
    return await projects.get(id);
  } catch (error) {
    if (isAppError(error, "not_found")) return undefined;
    throw error;
  }
}

export type Place = { readonly project: Project; readonly service: Service };

/** The service `s`, by id or name, in the project `p`. @throws AppError `not_found` with the nearest name */
export async function findService(
  stores: Pick<Stores, "projects" | "services">,
  { p, s }: { readonly p: string; readonly s: string },
): Promise<Place> {
  const project = await findProject(stores.projects, p);
  return { project, service: await serviceOf(stores, project, s) };
}

/** By id or name. @throws AppError `not_found` */
export async function serviceOf(
  stores: Pick<Stores, "services">,
  project: Project,
  idOrName: string,
): Promise<Service> {
  const byId = await stores.services.find(idOrName);
  if (byId?.projectId === project.id) return byId;
  const byName = await stores.services.findByName(project.id, idOrName);
  if (byName !== undefined) return byName;
  const names = (await stores.services.list({ projectId: project.id })).map(({ name }) => name);
  const near = nearest(idOrName, names);
  throw new AppError("not_found", `There is no service ${idOrName} in project ${project.slug}.`, {
    remedy: near === undefined ? `See what there is: slipway service list.` : `Did you mean ${near}?`,
  });
}

/** @throws AppError `not_found` */
export async function deploymentOf(
  deployments: Pick<DeploymentStore, "get">,
  service: Service,
  id: string,
): Promise<Deployment> {
  const unknown = () => new AppError("not_found", `There is no deployment ${id} of ${service.name}.`);
  const found = await deployments.get(id).catch((error: unknown) => {
    throw isAppError(error, "not_found") ? unknown() : error;
  });
  if (found.serviceId !== service.id) throw unknown();
  return found;
}

/** The id of a canvas group of the project. @throws AppError `not_found` */
export async function groupOf(canvas: Pick<CanvasStore, "findNode">, project: Project, id: string): Promise<string> {
  const node = await canvas.findNode(id);
  if (node?.projectId === project.id && node.type === "group") return node.id;
  throw new AppError("not_found", `There is no group ${id} in project ${project.slug}.`);
}
