/** Uploaded runtimes in SQL. Their files lie in the data directory. */

import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlRuntimeStore implements RuntimeStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  find(name: string): Promise<Runtime | undefined> {
    return this.#db.selectFrom("runtimes").selectAll().where("name", "=", name).executeTakeFirst();
  }

  list(): Promise<readonly Runtime[]> {
    return this.#db.selectFrom("runtimes").selectAll().orderBy("name").execute();
  }

  async put(runtime: Runtime): Promise<void> {
    const insert = this.#db.insertInto("runtimes").values(runtime);
    await insert.onConflict((conflict) => conflict.column("name").doUpdateSet(runtime)).execute();
  }

  async remove(name: string): Promise<void> {
    await this.#db.deleteFrom("runtimes").where("name", "=", name).execute();
  }
}
