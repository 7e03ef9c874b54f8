/** Services in memory, with the same unique fields as in SQL. */

import type { Service, ServiceFilter, ServiceStore } from "../domain/service.ts";
import {
  byNewest,
  compareText,
  contains,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustGet,
  mustHaveOwner,
  patched,
  removeEnvScope,
  removeService,
  slice,
} from "./memory-tables.ts";

export class MemoryServiceStore implements ServiceStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  get(id: string): Promise<Service> {
    return this.#access(({ services }) => kept(mustGet(services, "service", id)));
  }

  find(id: string): Promise<Service | undefined> {
    return this.#findWhere((service) => service.id === id);
  }

  findByName(projectId: string, name: string): Promise<Service | undefined> {
    return this.#findWhere((service) => service.projectId === projectId && service.name === name);
  }

  findByRouteName(routeName: string): Promise<Service | undefined> {
    return this.#findWhere((service) => service.routeName === routeName);
  }

  findByLocalPort(port: number): Promise<Service | undefined> {
    return this.#findWhere((service) => service.localPort === port);
  }

  findByTag(tag: string): Promise<Service | undefined> {
    return this.#findWhere((service) => service.tag === tag);
  }

  list(filter: Parameters<ServiceStore["list"]>[0] = {}): Promise<readonly Service[]> {
    return this.#access(({ services }) => {
      const ordered = matching(services, filter).sort(filter.order === "newest" ? byNewest : byName);
      return kept(slice(ordered, filter));
    });
  }

  count(filter: ServiceFilter = {}): Promise<number> {
    return this.#access(({ services }) => matching(services, filter).length);
  }

  create(service: Service): Promise<void> {
    return this.#access(({ projects, services }) => {
      mustBeFree(services.values(), "service", "id", service.id);
      mustBeUnique(service, [...services.values()]);
      mustHaveOwner(projects, service.projectId);
      services.set(service.id, kept(service));
    });
  }

  update(id: string, patch: Parameters<ServiceStore["update"]>[1]): Promise<Service> {
    return this.#access(({ services }) => {
      const updated = patched(mustGet(services, "service", id), patch);
      mustBeUnique(
        updated,
        [...services.values()].filter((other) => other.id !== id),
      );
      services.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access((tables) => {
      removeEnvScope(tables, "service", id);
      removeService(tables, id);
    });
  }

  #findWhere(matches: (service: Service) => boolean): Promise<Service | undefined> {
    return this.#access(({ services }) => kept([...services.values()].find(matches)));
  }
}

function matching(services: ReadonlyMap<string, Service>, { projectId, kind, name }: ServiceFilter): Service[] {
  return [...services.values()].filter(
    (service) =>
      (projectId === undefined || service.projectId === projectId) &&
      (kind === undefined || service.kind === kind) &&
      contains(service.name, name),
  );
}

function byName(a: Service, b: Service): number {
  return compareText(a.name, b.name) || compareText(a.id, b.id);
}

function mustBeUnique(service: Service, others: readonly Service[]): void {
  const neighbours = others.filter((other) => other.projectId === service.projectId);
  mustBeFree(neighbours, "service", "name", service.name);
  for (const field of ["routeName", "localPort", "tag"] as const) {
    mustBeFree(others, "service", field, service[field]);
  }
}
