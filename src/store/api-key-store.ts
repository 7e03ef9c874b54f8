/** API keys in SQL. */

import type { ApiKey, ApiKeyStore } from "../domain/api-key.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlApiKeyStore implements ApiKeyStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  findByHash(hash: string): Promise<ApiKey | undefined> {
    return this.#db.selectFrom("apiKeys").selectAll().where("tokenHash", "=", hash).executeTakeFirst();
  }

  find(id: string): Promise<ApiKey | undefined> {
    return this.#db.selectFrom("apiKeys").selectAll().where("id", "=", id).executeTakeFirst();
  }

  list(userId: string): Promise<readonly ApiKey[]> {
    const query = this.#db.selectFrom("apiKeys").selectAll().where("userId", "=", userId);
    return query.orderBy("createdAt", "desc").orderBy("id").execute();
  }

  async create(key: ApiKey): Promise<void> {
    await this.#db.insertInto("apiKeys").values(key).execute();
  }

  async touch(id: string, lastUsedAt: number): Promise<void> {
    await this.#db.updateTable("apiKeys").set({ lastUsedAt }).where("id", "=", id).execute();
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("apiKeys").where("id", "=", id).execute();
  }
}
