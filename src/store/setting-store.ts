/** Settings in SQL: text by key. */

import type { SettingStore } from "../domain/stores.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlSettingStore implements SettingStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async find(key: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst();
    return row?.value;
  }

  async put(key: string, value: string): Promise<void> {
    const insert = this.#db.insertInto("settings").values({ key, value });
    await insert.onConflict((conflict) => conflict.column("key").doUpdateSet({ value })).execute();
  }
}
