/** Kept variables in SQL. Those of a project go with it by a foreign key. */

import type { EnvScope, EnvVar, EnvVarStore } from "../domain/env-var.ts";
import { notFoundError } from "../domain/store-errors.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlEnvVarStore implements EnvVarStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  find(id: string): Promise<EnvVar | undefined> {
    return this.#db.selectFrom("envVars").selectAll().where("id", "=", id).executeTakeFirst();
  }

  list({ projectId, scope, scopeId }: Parameters<EnvVarStore["list"]>[0]): Promise<readonly EnvVar[]> {
    let query = this.#db.selectFrom("envVars").selectAll().orderBy("key").orderBy("id");
    if (projectId !== undefined) query = query.where("projectId", "=", projectId);
    if (scope !== undefined) query = query.where("scope", "=", scope);
    if (scopeId !== undefined) query = query.where("scopeId", "=", scopeId);
    return query.execute();
  }

  async create(variable: EnvVar): Promise<void> {
    await this.#db.insertInto("envVars").values(variable).execute();
  }

  async update(id: string, patch: Parameters<EnvVarStore["update"]>[1]): Promise<EnvVar> {
    const row = await this.#db.updateTable("envVars").set(patch).where("id", "=", id).returningAll().executeTakeFirst();
    if (row === undefined) throw notFoundError("env var", id);
    return row;
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("envVars").where("id", "=", id).execute();
  }

  async removeScope(scope: EnvScope, scopeId: string): Promise<void> {
    await this.#db.deleteFrom("envVars").where("scope", "=", scope).where("scopeId", "=", scopeId).execute();
  }
}
