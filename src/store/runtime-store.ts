/** Uploaded runtimes in SQL. Their files lie in the data directory. */

import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import { RecordCodec } from "./record-codec.ts";
import { RUNTIME_JSON, type SchemaDb } from "./schema.ts";

const codec = new RecordCodec<Runtime, (typeof RUNTIME_JSON)[number], never>({ json: RUNTIME_JSON, flags: [] });

export class SqlRuntimeStore implements RuntimeStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async find(name: string): Promise<Runtime | undefined> {
    const row = await this.#db.selectFrom("runtimes").selectAll().where("name", "=", name).executeTakeFirst();
    return row && codec.decode(row);
  }

  async list(): Promise<readonly Runtime[]> {
    return (await this.#db.selectFrom("runtimes").selectAll().orderBy("name").execute()).map((row) =>
      codec.decode(row),
    );
  }

  async put(runtime: Runtime): Promise<void> {
    const row = codec.encode(runtime);
    const insert = this.#db.insertInto("runtimes").values(row);
    await insert.onConflict((conflict) => conflict.column("name").doUpdateSet(row)).execute();
  }

  async remove(name: string): Promise<void> {
    await this.#db.deleteFrom("runtimes").where("name", "=", name).execute();
  }
}
