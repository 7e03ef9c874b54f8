/** Builds in SQL. Their logs are files, see BuildLogs. */

import type { Build, BuildStore } from "../domain/build.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { isEmptyPatch, paged } from "./page.ts";
import { RecordCodec } from "./record-codec.ts";
import { BUILD_FLAGS, type SchemaDb } from "./schema.ts";

const codec = new RecordCodec<Build, never, (typeof BUILD_FLAGS)[number]>({ json: [], flags: BUILD_FLAGS });

export class SqlBuildStore implements BuildStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async get(id: string): Promise<Build> {
    const row = await this.#db.selectFrom("builds").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? missing(id) : codec.decode(row);
  }

  async list(filter: Parameters<BuildStore["list"]>[0]): Promise<readonly Build[]> {
    if (filter.statuses?.length === 0) return [];
    let query = this.#db.selectFrom("builds").selectAll().orderBy("createdAt", "desc").orderBy("id");
    if (filter.serviceId !== undefined) query = query.where("serviceId", "=", filter.serviceId);
    if (filter.statuses !== undefined) query = query.where("status", "in", filter.statuses);
    return (await paged(query, filter).execute()).map((row) => codec.decode(row));
  }

  async create(build: Build): Promise<void> {
    await this.#db.insertInto("builds").values(codec.encode(build)).execute();
  }

  async update(id: string, patch: Parameters<BuildStore["update"]>[1]): Promise<Build> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("builds").set(codec.encode(patch)).where("id", "=", id).returningAll();
    const row = await update.executeTakeFirst();
    return row === undefined ? missing(id) : codec.decode(row);
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("builds").where("id", "=", id).execute();
  }
}

function missing(id: string): never {
  throw notFoundError("build", id);
}
