/** The audit log in SQL. */

import type { AuditFilter, AuditRecord, AuditStore } from "../domain/audit.ts";
import { countOf, paged } from "./page.ts";
import type { SchemaDb } from "./schema.ts";
import { containsText } from "./text-filter.ts";

export class SqlAuditStore implements AuditStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async add(record: AuditRecord): Promise<void> {
    await this.#db.insertInto("audit").values(record).execute();
  }

  list(filter: Parameters<AuditStore["list"]>[0] = {}): Promise<readonly AuditRecord[]> {
    return paged(this.#matching(filter).selectAll().orderBy("at", "desc").orderBy("id"), filter).execute();
  }

  count(filter: AuditFilter = {}): Promise<number> {
    return countOf(this.#matching(filter));
  }

  async keepNewest(count: number): Promise<void> {
    const older = paged(this.#db.selectFrom("audit").select("id").orderBy("at", "desc").orderBy("id"), {
      offset: count,
    });
    await this.#db.deleteFrom("audit").where("id", "in", older).execute();
  }

  #matching({ userId, search, since }: AuditFilter) {
    let query = this.#db.selectFrom("audit");
    if (userId !== undefined) query = query.where("userId", "=", userId);
    if (since !== undefined) query = query.where("at", ">=", since);
    if (search !== undefined) {
      query = query.where((eb) => eb.or([containsText("action", search), containsText("target", search)]));
    }
    return query;
  }
}
