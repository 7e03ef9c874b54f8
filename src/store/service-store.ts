/** Services in SQL. Deployments, builds, routes and the canvas node of a service go with it by foreign keys. */

import type { Service, ServiceFilter, ServiceStore } from "../domain/service.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { SqlEnvVarStore } from "./env-var-store.ts";
import { countOf, isEmptyPatch, paged } from "./page.ts";
import { RecordCodec } from "./record-codec.ts";
import { inTransaction, type SchemaDb, SERVICE_FLAGS, SERVICE_JSON } from "./schema.ts";
import { containsText } from "./text-filter.ts";

const codec = new RecordCodec<Service, (typeof SERVICE_JSON)[number], (typeof SERVICE_FLAGS)[number]>({
  json: SERVICE_JSON,
  flags: SERVICE_FLAGS,
});

export class SqlServiceStore implements ServiceStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async get(id: string): Promise<Service> {
    return (await this.find(id)) ?? missing(id);
  }

  find(id: string): Promise<Service | undefined> {
    return this.#findWhere("id", id);
  }

  async findByName(projectId: string, name: string): Promise<Service | undefined> {
    const query = this.#db.selectFrom("services").selectAll().where("projectId", "=", projectId);
    const row = await query.where("name", "=", name).executeTakeFirst();
    return row && codec.decode(row);
  }

  findByRouteName(routeName: string): Promise<Service | undefined> {
    return this.#findWhere("routeName", routeName);
  }

  findByLocalPort(port: number): Promise<Service | undefined> {
    return this.#findWhere("localPort", port);
  }

  findByTag(tag: string): Promise<Service | undefined> {
    return this.#findWhere("tag", tag);
  }

  async list(filter: Parameters<ServiceStore["list"]>[0] = {}): Promise<readonly Service[]> {
    const query = this.#matching(filter).selectAll();
    const ordered = filter.order === "newest" ? query.orderBy("createdAt", "desc") : query.orderBy("name");
    return (await paged(ordered.orderBy("id"), filter).execute()).map((row) => codec.decode(row));
  }

  count(filter: ServiceFilter = {}): Promise<number> {
    return countOf(this.#matching(filter));
  }

  async create(service: Service): Promise<void> {
    await this.#db.insertInto("services").values(codec.encode(service)).execute();
  }

  async update(id: string, patch: Parameters<ServiceStore["update"]>[1]): Promise<Service> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("services").set(codec.encode(patch)).where("id", "=", id).returningAll();
    const row = await update.executeTakeFirst();
    return row === undefined ? missing(id) : codec.decode(row);
  }

  remove(id: string): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      await new SqlEnvVarStore(tx).removeScope("service", id);
      await tx.deleteFrom("services").where("id", "=", id).execute();
    });
  }

  #matching({ projectId, kind, name }: ServiceFilter) {
    let query = this.#db.selectFrom("services");
    if (projectId !== undefined) query = query.where("projectId", "=", projectId);
    if (kind !== undefined) query = query.where("kind", "=", kind);
    if (name !== undefined) query = query.where(containsText("name", name));
    return query;
  }

  async #findWhere(
    field: "id" | "routeName" | "localPort" | "tag",
    value: string | number,
  ): Promise<Service | undefined> {
    const row = await this.#db.selectFrom("services").selectAll().where(field, "=", value).executeTakeFirst();
    return row && codec.decode(row);
  }
}

function missing(id: string): never {
  throw notFoundError("service", id);
}
