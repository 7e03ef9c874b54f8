/** Instance records in SQL, one per slot. */

import type { InstanceRecord, InstanceStore } from "../domain/instance.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { isEmptyPatch } from "./page.ts";
import { requireProject } from "./project-store.ts";
import { inTransaction, type SchemaDb } from "./schema.ts";

export class SqlInstanceStore implements InstanceStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  list(filter: { readonly serviceId?: string } = {}): Promise<readonly InstanceRecord[]> {
    const query = this.#db.selectFrom("instances").selectAll().orderBy("slot");
    return (filter.serviceId === undefined ? query : query.where("serviceId", "=", filter.serviceId)).execute();
  }

  /** The project is no foreign key: records outlive it. */
  put(record: InstanceRecord): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      await requireProject(tx, record.projectId);
      const insert = tx.insertInto("instances").values(record);
      await insert.onConflict((conflict) => conflict.column("slot").doUpdateSet(record)).execute();
    });
  }

  async update(slot: string, patch: Parameters<InstanceStore["update"]>[1]): Promise<InstanceRecord> {
    const query = isEmptyPatch(patch)
      ? this.#db.selectFrom("instances").selectAll().where("slot", "=", slot)
      : this.#db.updateTable("instances").set(patch).where("slot", "=", slot).returningAll();
    const row = await query.executeTakeFirst();
    if (row === undefined) throw notFoundError("instance", slot);
    return row;
  }

  async remove(slot: string): Promise<void> {
    await this.#db.deleteFrom("instances").where("slot", "=", slot).execute();
  }
}
