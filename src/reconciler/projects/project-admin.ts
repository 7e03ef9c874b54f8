/** Projects come and go. */

import { checkedProjectName } from "../../domain/change-rules.ts";
import type { Clock } from "../../domain/clock.ts";
import { AppError, isAppError } from "../../domain/errors.ts";
import type { EventBus } from "../../domain/events.ts";
import { requireProjectSlug, suggestName } from "../../domain/names.ts";
import { DEFAULT_PROJECT_SLUG, type Project } from "../../domain/project.ts";
import type { ProjectAdmin } from "../../domain/project-operations.ts";
import type { Service } from "../../domain/service.ts";
import type { Database } from "../../domain/stores.ts";
import { newId, randomHex } from "../../lib/ids.ts";

export type ProjectKeeperOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly clock: Pick<Clock, "now">;
  /** A service was taken out of the store: what is left of it goes; with `volumes` its data, too. */
  readonly onRemoved: (service: Service, project: Project, options: { readonly volumes: boolean }) => Promise<void>;
  readonly publishRoutes: () => Promise<void>;
  /** There can be a network of that index. @throws AppError `unavailable` when the pool has no such many */
  readonly requireNetwork: (networkIndex: number) => void;
  /** Networks of projects may be missing or left over. */
  readonly sweep: () => void;
};

const MOST_OF_NAME = 40;
const TRIES = 3;

export class ProjectKeeper implements ProjectAdmin {
  readonly #options: ProjectKeeperOptions;

  constructor(options: ProjectKeeperOptions) {
    this.#options = options;
  }

  async create({ name, slug }: { readonly name: string; readonly slug?: string | undefined }): Promise<Project> {
    const { events, sweep } = this.#options;
    const checked = checkedProjectName(name);
    const project = slug === undefined ? await this.#createNamed(checked) : await this.#createSlugged(checked, slug);
    events.publish({ type: "project.created", projectId: project.id });
    sweep();
    return project;
  }

  async remove(project: Project, options: { readonly volumes: boolean }): Promise<void> {
    const { database, events, onRemoved, publishRoutes } = this.#options;
    if (project.slug === DEFAULT_PROJECT_SLUG)
      throw new AppError("conflict", "The project default is always there.", {
        remedy: "Delete its services one by one.",
      });
    const services = await database.transact(async (tx) => {
      const own = await tx.services.list({ projectId: project.id });
      // Each by itself, so that all that belongs to it goes the same way.
      for (const { id } of own) await tx.services.remove(id);
      await tx.projects.remove(project.id);
      return own;
    });
    events.publish({ type: "project.deleted", projectId: project.id });
    await publishRoutes();
    await Promise.all(services.map((service) => onRemoved(service, project, options)));
  }

  async #createNamed(name: string): Promise<Project> {
    for (let left = TRIES; ; left -= 1) {
      try {
        return await this.#write(name, newSlug(name));
      } catch (error) {
        if (!isAppError(error, "conflict") || left === 1) throw error;
      }
    }
  }

  #createSlugged(name: string, slug: string): Promise<Project> {
    requireProjectSlug(slug);
    return this.#write(name, slug);
  }

  #write(name: string, slug: string): Promise<Project> {
    const { database, clock, requireNetwork } = this.#options;
    const now = clock.now();
    return database.transact(async (tx) => {
      const project = await tx.projects.create({ id: newId(), name, slug, createdAt: now, updatedAt: now });
      requireNetwork(project.networkIndex);
      return project;
    });
  }
}

/** The name in small letters, digits and -, and six hex digits. */
export function newSlug(name: string): string {
  const base = suggestName(name.normalize("NFKD").replace(/\p{Mark}/gu, ""))
    .slice(0, MOST_OF_NAME)
    .replace(/-+$/, "");
  return `${base === "" ? "project" : base}-${randomHex(3)}`;
}
