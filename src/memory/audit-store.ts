/** The audit log in memory. */

import type { AuditFilter, AuditRecord, AuditStore } from "../domain/audit.ts";
import {
  compareText,
  contains,
  kept,
  type MemoryAccess,
  type MemoryTables,
  mustBeFree,
  slice,
} from "./memory-tables.ts";

export class MemoryAuditStore implements AuditStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  add(record: AuditRecord): Promise<void> {
    return this.#access(({ audit }) => {
      mustBeFree(audit.values(), "audit", "id", record.id);
      audit.set(record.id, kept(record));
    });
  }

  list(filter: Parameters<AuditStore["list"]>[0] = {}): Promise<readonly AuditRecord[]> {
    return this.#access((tables) => kept(slice(matching(tables, filter), filter)));
  }

  count(filter: AuditFilter = {}): Promise<number> {
    return this.#access((tables) => matching(tables, filter).length);
  }

  keepNewest(count: number): Promise<void> {
    return this.#access((tables) => {
      for (const { id } of matching(tables, {}).slice(count)) tables.audit.delete(id);
    });
  }
}

/** Newest first; equal times by id. */
function matching({ audit }: MemoryTables, { userId, search, since }: AuditFilter): AuditRecord[] {
  return [...audit.values()]
    .filter(
      (record) =>
        (userId === undefined || record.userId === userId) &&
        (since === undefined || record.at >= since) &&
        (contains(record.action, search) || contains(record.target, search)),
    )
    .sort((a, b) => b.at - a.at || compareText(a.id, b.id));
}
