/**
 * Each project has its network, and a project that is gone has none once its instances have left. Looked at by each sweep,
 * with one question to the engine.
 */

import type { NetworkDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { Stores } from "../domain/stores.ts";

export type ProjectNetworksOptions = {
  readonly database: Pick<Stores, "projects" | "instances">;
  readonly driver: Pick<NetworkDriver, "listNetworks" | "ensureNetwork" | "removeNetwork">;
  readonly logger: Logger;
};

export class ProjectNetworks {
  readonly #options: ProjectNetworksOptions;
  /** Slugs of those it has warned about: they are tried again, and not spoken of, until they are well. */
  readonly #troubled = new Set<string>();

  constructor(options: ProjectNetworksOptions) {
    this.#options = options;
  }

  /**
   * Makes what is missing and removes what nobody has any more. Trouble with one network is logged, and others go on.
   * @param inUse slugs of projects with instances on the engine @throws AppError `unavailable`
   */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const { database, driver } = this.#options;
    // In this order: a network that is made meanwhile belongs to a project that is found afterwards.
    const present = new Set(await driver.listNetworks());
    const projects = await database.projects.list();
    const leaving = await database.projects.listLeaving();
    for (const { slug, networkIndex } of projects)
      if (!present.has(slug)) await this.#try(slug, () => driver.ensureNetwork(slug, networkIndex));
    const known = new Set(projects.map(({ slug }) => slug));
    const orphans = new Set([...leaving.map(({ slug }) => slug), ...present].filter((slug) => !known.has(slug)));
    if (orphans.size === 0) return;
    const busyIds = new Set((await database.instances.list()).map(({ projectId }) => projectId));
    const busy = new Set([...inUse, ...leaving.filter(({ id }) => busyIds.has(id)).map(({ slug }) => slug)]);
    for (const slug of orphans) if (!busy.has(slug)) await this.#try(slug, () => this.#remove(slug));
  }

  async #remove(slug: string): Promise<void> {
    const { database, driver } = this.#options;
    // A project of that slug may be there again by now.
    if ((await database.projects.findBySlug(slug)) !== undefined) return;
    await driver.removeNetwork(slug);
    await database.projects.forgetLeaving(slug);
  }

  async #try(slug: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#troubled.delete(slug);
    } catch (error) {
      if (isAppError(error, "unavailable")) throw error;
      if (!this.#troubled.has(slug))
        this.#options.logger.warn({ err: error, project: slug }, "a project's network is not as it should be");
      this.#troubled.add(slug);
    }
  }
}
