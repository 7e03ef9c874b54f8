/** Logins of registries in SQL, passwords sealed. */

import type { RegistryRecord, RegistryStore } from "../domain/registry.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlRegistryStore implements RegistryStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  find(host: string): Promise<RegistryRecord | undefined> {
    return this.#db.selectFrom("registries").selectAll().where("host", "=", host).executeTakeFirst();
  }

  list(): Promise<readonly RegistryRecord[]> {
    return this.#db.selectFrom("registries").selectAll().orderBy("host").execute();
  }

  async put(record: RegistryRecord): Promise<void> {
    const insert = this.#db.insertInto("registries").values(record);
    await insert.onConflict((conflict) => conflict.column("host").doUpdateSet(record)).execute();
  }

  async remove(host: string): Promise<void> {
    await this.#db.deleteFrom("registries").where("host", "=", host).execute();
  }
}
