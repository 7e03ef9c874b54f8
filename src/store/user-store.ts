/** Users in SQL. Their sessions and API keys go with them by foreign keys. */

import { notFoundError } from "../domain/store-errors.ts";
import type { User, UserFilter, UserStore } from "../domain/user.ts";
import { countOf, isEmptyPatch, paged } from "./page.ts";
import type { SchemaDb } from "./schema.ts";
import { containsText } from "./text-filter.ts";

export class SqlUserStore implements UserStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async get(id: string): Promise<User> {
    return (await this.find(id)) ?? missing(id);
  }

  find(id: string): Promise<User | undefined> {
    return this.#db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
  }

  findByEmail(email: string): Promise<User | undefined> {
    return this.#db.selectFrom("users").selectAll().where("email", "=", email).executeTakeFirst();
  }

  list(filter: Parameters<UserStore["list"]>[0] = {}): Promise<readonly User[]> {
    const query = this.#matching(filter).selectAll().orderBy("createdAt", "desc").orderBy("id");
    return paged(query, filter).execute();
  }

  count(filter: UserFilter = {}): Promise<number> {
    return countOf(this.#matching(filter));
  }

  async create(user: User): Promise<void> {
    await this.#db.insertInto("users").values(user).execute();
  }

  async update(id: string, patch: Parameters<UserStore["update"]>[1]): Promise<User> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("users").set(patch).where("id", "=", id).returningAll();
    return (await update.executeTakeFirst()) ?? missing(id);
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("users").where("id", "=", id).execute();
  }

  #matching({ name, email }: UserFilter) {
    let query = this.#db.selectFrom("users");
    if (name !== undefined) query = query.where(containsText("name", name));
    if (email !== undefined) query = query.where(containsText("email", email));
    return query;
  }
}

function missing(id: string): never {
  throw notFoundError("user", id);
}
