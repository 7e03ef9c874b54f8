/** Builds in memory. */

import type { Build, BuildStore } from "../domain/build.ts";
import {
  byNewest,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustGet,
  mustHaveOwner,
  patched,
  slice,
} from "./memory-tables.ts";

export class MemoryBuildStore implements BuildStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  get(id: string): Promise<Build> {
    return this.#access(({ builds }) => kept(mustGet(builds, "build", id)));
  }

  list(filter: Parameters<BuildStore["list"]>[0]): Promise<readonly Build[]> {
    return this.#access(({ builds }) => {
      const matching = [...builds.values()].filter(
        (build) =>
          (filter.serviceId === undefined || build.serviceId === filter.serviceId) &&
          (filter.statuses === undefined || filter.statuses.includes(build.status)),
      );
      return kept(slice(matching.sort(byNewest), filter));
    });
  }

  create(build: Build): Promise<void> {
    return this.#access(({ services, builds }) => {
      mustBeFree(builds.values(), "build", "id", build.id);
      mustHaveOwner(services, build.serviceId);
      builds.set(build.id, kept(build));
    });
  }

  update(id: string, patch: Parameters<BuildStore["update"]>[1]): Promise<Build> {
    return this.#access(({ builds }) => {
      const updated = patched(mustGet(builds, "build", id), patch);
      builds.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ builds }) => {
      builds.delete(id);
    });
  }
}
