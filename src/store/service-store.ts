/** Services in SQL. Deployments, builds and instance records of a service go with it by foreign keys. */

import type { Service, ServiceFilter, ServiceStore } from "../domain/service.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { isEmptyPatch, paged } from "./page.ts";
import { RecordCodec } from "./record-codec.ts";
import { type SchemaDb, SERVICE_FLAGS } from "./schema.ts";

const codec = new RecordCodec<Service, never, (typeof SERVICE_FLAGS)[number]>({ json: [], flags: SERVICE_FLAGS });

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

  async list(filter: ServiceFilter = {}): Promise<readonly Service[]> {
    let query = this.#db.selectFrom("services").selectAll().orderBy("name").orderBy("id");
    if (filter.projectId !== undefined) query = query.where("projectId", "=", filter.projectId);
    if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
    return (await paged(query, filter).execute()).map((row) => codec.decode(row));
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

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("services").where("id", "=", id).execute();
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
