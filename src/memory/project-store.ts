/** Projects in memory. */

import { lowestFree } from "../domain/host-number.ts";
import type { Page, Project, ProjectStore } from "../domain/project.ts";
import {
  byNewest,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustGet,
  patched,
  removeService,
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

  list(page: Page = {}): Promise<readonly Project[]> {
    return this.#access(({ projects }) => kept(slice([...projects.values()].sort(byNewest), page)));
  }

  create(project: Omit<Project, "networkIndex">): Promise<Project> {
    return this.#access(({ projects }) => {
      mustBeFree(projects.values(), "project", "id", project.id);
      mustBeFree(projects.values(), "project", "slug", project.slug);
      const networkIndex = lowestFree(new Set([...projects.values()].map((other) => other.networkIndex)));
      const created = kept({ ...project, networkIndex });
      projects.set(project.id, created);
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
      tables.projects.delete(id);
      tables.addresses.delete(id);
      for (const service of tables.services.values()) {
        if (service.projectId === id) removeService(tables, service.id);
      }
      for (const [key, secret] of tables.secrets) if (secret.projectId === id) tables.secrets.delete(key);
      for (const record of tables.instances.values()) {
        if (record.projectId === id) tables.instances.delete(record.slot);
      }
    });
  }
}
