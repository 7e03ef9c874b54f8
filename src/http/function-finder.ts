/** Finds the function a request names. */

import { AppError } from "../domain/errors.ts";
import { DEFAULT_PROJECT_SLUG, type Project } from "../domain/project.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { nearest } from "../lib/nearest.ts";
import { findProject } from "./project-finder.ts";

export type FunctionFinder = {
  /** By id or slug; `default` when none is named. @throws AppError `not_found` with the nearest slug */
  project(idOrSlug: string | undefined): Promise<Project>;
  /** The function of that name in the project (`default` when none is named). @throws AppError `not_found` with the nearest name */
  function(name: string, projectIdOrSlug: string | undefined): Promise<Service>;
  /** By the name it is routed under, as lambdaathome's surface knows it. @throws AppError `not_found` */
  routed(routeName: string): Promise<Service>;
};

export function functionFinder(stores: Pick<Stores, "projects" | "services">): FunctionFinder {
  const project = (idOrSlug: string | undefined): Promise<Project> =>
    findProject(stores.projects, idOrSlug ?? DEFAULT_PROJECT_SLUG);
  return {
    project,
    async function(name, projectIdOrSlug) {
      const owner = await project(projectIdOrSlug);
      const found = await stores.services.findByName(owner.id, name);
      if (found?.kind === "function") return found;
      const names = (await stores.services.list({ projectId: owner.id, kind: "function" })).map((s) => s.name);
      const near = nearest(name, names);
      throw new AppError("not_found", `There is no function ${name}.`, {
        remedy: near === undefined ? "See what there is: slipway list." : `Did you mean ${near}?`,
      });
    },
    async routed(routeName) {
      const found = await stores.services.findByRouteName(routeName);
      if (found?.kind === "function") return found;
      throw new AppError("not_found", "Function not found");
    },
  };
}
