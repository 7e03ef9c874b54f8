/** Sealed secrets in SQL. */

import type { SecretKey, SecretRecord, SecretStore } from "../domain/secret.ts";
import type { Schema, SchemaDb } from "./schema.ts";

export class SqlSecretStore implements SecretStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async find({ projectId, functionName, name }: SecretKey): Promise<SecretRecord | undefined> {
    const row = await this.#db
      .selectFrom("secrets")
      .selectAll()
      .where("projectId", "=", projectId)
      .where("functionName", "=", functionName ?? "")
      .where("name", "=", name)
      .executeTakeFirst();
    return row && decode(row);
  }

  async list(filter: Parameters<SecretStore["list"]>[0] = {}): Promise<readonly SecretRecord[]> {
    let query = this.#db.selectFrom("secrets").selectAll().orderBy("functionName").orderBy("name").orderBy("projectId");
    if (filter.projectId !== undefined) query = query.where("projectId", "=", filter.projectId);
    if (filter.functionName !== undefined) query = query.where("functionName", "=", filter.functionName ?? "");
    return (await query.execute()).map(decode);
  }

  async put(record: SecretRecord): Promise<void> {
    const row = { ...record, functionName: record.functionName ?? "" };
    const { sealed, updatedAt } = record;
    await this.#db
      .insertInto("secrets")
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(["projectId", "functionName", "name"]).doUpdateSet({ sealed, updatedAt }),
      )
      .execute();
  }

  async remove({ projectId, functionName, name }: SecretKey): Promise<void> {
    await this.#db
      .deleteFrom("secrets")
      .where("projectId", "=", projectId)
      .where("functionName", "=", functionName ?? "")
      .where("name", "=", name)
      .execute();
  }
}

function decode(row: Schema["secrets"]): SecretRecord {
  return { ...row, functionName: row.functionName === "" ? null : row.functionName };
}
