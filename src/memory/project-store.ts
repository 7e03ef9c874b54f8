/** Projects in memory. */

import { lowestFree } from "../domain/host-number.ts";
import type { LeavingProject, Project, ProjectFilter, ProjectStore } from "../domain/project.ts";
import {
  byNewest,
  compareText,
  contains,
  kept,
  type MemoryAccess,
  type MemoryTables,
  mustBeFree,
  mustGet,
  patched,
  removeCanvasNode,
  removeService,
  removeWhere,
  slice,
} from "./memory-tables.ts";

export class MemoryProjectStore implements ProjectStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  get(id: string): Promise<Project> {
    return this.#access(({ projects }) => kept(mustGet(projects, "project", id)));
  }

  findBySlug(slug: string): Promise<Project | undefined> {
    return this.#access(({ projects }) => kept([...projects.values()].find((project) => project.slug === slug)));
  }

  list(filter: Parameters<ProjectStore["list"]>[0] = {}): Promise<readonly Project[]> {
    return this.#access((tables) => kept(slice(matching(tables, filter).sort(byNewest), filter)));
  }

  count(filter: ProjectFilter = {}): Promise<number> {
    return this.#access((tables) => matching(tables, filter).length);
  }

  create(project: Omit<Project, "networkIndex">): Promise<Project> {
    return this.#access(({ projects, leavingProjects }) => {
      const returning = leavingProjects.get(project.slug);
      const id = returning?.id ?? project.id;
      if (returning === undefined) mustBeFree(leavingProjects.values(), "project", "id", id);
      mustBeFree(projects.values(), "project", "id", id);
      mustBeFree(projects.values(), "project", "slug", project.slug);
      const taken = [...projects.values(), ...leavingProjects.values()].map((other) => other.networkIndex);
      const networkIndex = returning?.networkIndex ?? lowestFree(new Set(taken));
      const created = kept({ ...project, id, networkIndex });
      leavingProjects.delete(project.slug);
      projects.set(id, created);
      return kept(created);
    });
  }

  update(id: string, patch: Partial<Pick<Project, "name" | "updatedAt">>): Promise<Project> {
    return this.#access(({ projects }) => {
      const updated = patched(mustGet(projects, "project", id), patch);
      projects.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access((tables) => {
      const project = tables.projects.get(id);
      if (project === undefined) return;
      const { slug, networkIndex } = project;
      tables.projects.delete(id);
      tables.leavingProjects.set(slug, { id, slug, networkIndex });
      removeContent(tables, id);
    });
  }

  listLeaving(): Promise<readonly LeavingProject[]> {
    return this.#access(({ leavingProjects }) =>
      kept([...leavingProjects.values()].sort((a, b) => compareText(a.slug, b.slug))),
    );
  }

  forgetLeaving(slug: string): Promise<void> {
    return this.#access(({ leavingProjects, addresses }) => {
      const forgotten = leavingProjects.get(slug);
      if (forgotten === undefined) return;
      leavingProjects.delete(slug);
      addresses.delete(forgotten.id);
    });
  }
}

function matching({ projects }: MemoryTables, { name }: ProjectFilter): Project[] {
  return [...projects.values()].filter((project) => contains(project.name, name));
}

/** Removes all that is in a project but its instance records and addresses. */
function removeContent(tables: MemoryTables, projectId: string): void {
  const isInIt = (record: { readonly projectId: string }) => record.projectId === projectId;
  for (const service of tables.services.values()) if (isInIt(service)) removeService(tables, service.id);
  for (const node of tables.canvasNodes.values()) if (isInIt(node)) removeCanvasNode(tables, node.id);
  removeWhere(tables.canvasEdges, isInIt);
  removeWhere(tables.envVars, isInIt);
  removeWhere(tables.pendingChanges, isInIt);
  removeWhere(tables.secrets, isInIt);
}
