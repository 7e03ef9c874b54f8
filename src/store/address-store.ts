/** Addresses in SQL: a row per host number that was given out at least once, and the slot that has or had it. */

import { chooseHostNumber } from "../domain/host-number.ts";
import type { AddressStore } from "../domain/instance.ts";
import { requireProject } from "./project-store.ts";
import { inTransaction, type SchemaDb } from "./schema.ts";

export class SqlAddressStore implements AddressStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  claim(projectId: string, slot: string, now: number, restMs: number): Promise<number> {
    return inTransaction(this.#db, async (tx) => {
      const uses = await tx.selectFrom("addresses").selectAll().where("projectId", "=", projectId).execute();
      const hostNumber = chooseHostNumber(uses, slot, now, restMs);
      await requireProject(tx, projectId);
      await tx
        .insertInto("addresses")
        .values({ projectId, hostNumber, slot, freedAt: null })
        .onConflict((conflict) => conflict.columns(["projectId", "hostNumber"]).doUpdateSet({ slot, freedAt: null }))
        .execute();
      return hostNumber;
    });
  }

  /** Releasing again changes nothing: the rest has begun already. */
  async release(projectId: string, slot: string, now: number): Promise<void> {
    await this.#db
      .updateTable("addresses")
      .set({ freedAt: now })
      .where("projectId", "=", projectId)
      .where("slot", "=", slot)
      .where("freedAt", "is", null)
      .execute();
  }
}
