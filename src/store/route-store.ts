/** Hosts and paths of services in SQL. They go with their service by a foreign key. */

import type { RouteClaim, RouteRecord, RouteStore } from "../domain/route-claim.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlRouteStore implements RouteStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  list(filter: { readonly serviceId?: string } = {}): Promise<readonly RouteRecord[]> {
    let query = this.#db.selectFrom("routes").selectAll().orderBy("kind").orderBy("value");
    if (filter.serviceId !== undefined) query = query.where("serviceId", "=", filter.serviceId);
    return query.execute();
  }

  find({ kind, value }: RouteClaim): Promise<RouteRecord | undefined> {
    const query = this.#db.selectFrom("routes").selectAll().where("kind", "=", kind).where("value", "=", value);
    return query.executeTakeFirst();
  }

  async create(record: RouteRecord): Promise<void> {
    await this.#db.insertInto("routes").values(record).execute();
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("routes").where("id", "=", id).execute();
  }
}
