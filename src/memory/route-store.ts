/** Hosts and paths of services in memory. */

import type { RouteClaim, RouteRecord, RouteStore } from "../domain/route-claim.ts";
import { takenError } from "../domain/store-errors.ts";
import { compareText, kept, type MemoryAccess, mustHaveOwner } from "./memory-tables.ts";

export class MemoryRouteStore implements RouteStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  list(filter: { readonly serviceId?: string } = {}): Promise<readonly RouteRecord[]> {
    return this.#access(({ routes }) =>
      kept(
        [...routes.values()]
          .filter((r) => filter.serviceId === undefined || r.serviceId === filter.serviceId)
          .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.value, b.value)),
      ),
    );
  }

  find(claim: RouteClaim): Promise<RouteRecord | undefined> {
    return this.#access(({ routes }) => kept([...routes.values()].find((r) => isSame(r, claim))));
  }

  create(record: RouteRecord): Promise<void> {
    return this.#access(({ routes, services }) => {
      mustHaveOwner(services, record.serviceId);
      if ([...routes.values()].some((r) => isSame(r, record))) throw takenError("route", ["kind", "value"]);
      if (routes.has(record.id)) throw takenError("route", ["id"]);
      routes.set(record.id, kept(record));
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ routes }) => {
      routes.delete(id);
    });
  }
}

function isSame(a: RouteClaim, b: RouteClaim): boolean {
  return a.kind === b.kind && a.value === b.value;
}
