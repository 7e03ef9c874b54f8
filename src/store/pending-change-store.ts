/** Staged changes in SQL: what is to be done as columns, its payload as JSON text. */

import type { PendingChange, PendingChangeStore } from "../domain/pending-change.ts";
import { notFoundError } from "../domain/store-errors.ts";
import type { PendingChangeRow, SchemaDb } from "./schema.ts";

export class SqlPendingChangeStore implements PendingChangeStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async list(projectId: string): Promise<readonly PendingChange[]> {
    const query = this.#db.selectFrom("pendingChanges").selectAll().where("projectId", "=", projectId).orderBy("seq");
    return (await query.execute()).map(decode);
  }

  async find(id: string): Promise<PendingChange | undefined> {
    const row = await this.#db.selectFrom("pendingChanges").selectAll().where("id", "=", id).executeTakeFirst();
    return row && decode(row);
  }

  async create(change: PendingChange): Promise<void> {
    await this.#db.insertInto("pendingChanges").values(encode(change)).execute();
  }

  async update(id: string, payload: PendingChange["payload"]): Promise<PendingChange> {
    const set = { payload: JSON.stringify(payload) };
    const update = this.#db.updateTable("pendingChanges").set(set).where("id", "=", id).returningAll();
    const row = await update.executeTakeFirst();
    if (row === undefined) throw notFoundError("pending change", id);
    return decode(row);
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("pendingChanges").where("id", "=", id).execute();
  }

  async clear(projectId: string): Promise<void> {
    await this.#db.deleteFrom("pendingChanges").where("projectId", "=", projectId).execute();
  }
}

function encode(change: PendingChange): PendingChangeRow {
  return {
    id: change.id,
    projectId: change.projectId,
    seq: change.seq,
    userId: change.userId,
    op: change.op,
    targetId: "targetId" in change ? change.targetId : null,
    targetTempId: "targetTempId" in change ? change.targetTempId : null,
    parentTempId: "parentTempId" in change ? change.parentTempId : null,
    payload: JSON.stringify(change.payload),
    createdAt: change.createdAt,
  };
}

function decode(row: PendingChangeRow): PendingChange {
  const { targetId, targetTempId, parentTempId, payload, ...common } = row;
  // The row was written by `encode`, so that op, ids and payload are those of one change.
  return { ...common, ...idsOf(row), payload: JSON.parse(payload) } as PendingChange;
}

/** The ids that a change of this op has. */
function idsOf({ op, targetId, targetTempId, parentTempId }: PendingChangeRow): object {
  switch (op) {
    case "project.update":
      return {};
    case "service.create":
      return { targetTempId };
    case "env_var.create":
      return { targetId, parentTempId };
    case "service.update":
    case "service.delete":
    case "env_var.update":
    case "env_var.delete":
      return { targetId };
  }
}
