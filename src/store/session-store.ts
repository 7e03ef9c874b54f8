/** Sessions in SQL. */

import type { Session, SessionStore } from "../domain/session.ts";
import { notFoundError } from "../domain/store-errors.ts";
import type { SchemaDb } from "./schema.ts";

export class SqlSessionStore implements SessionStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  find(id: string): Promise<Session | undefined> {
    return this.#db.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();
  }

  findByAccessHash(hash: string): Promise<Session | undefined> {
    return this.#db.selectFrom("sessions").selectAll().where("accessHash", "=", hash).executeTakeFirst();
  }

  findByFamilyHash(hash: string): Promise<Session | undefined> {
    return this.#db.selectFrom("sessions").selectAll().where("familyHash", "=", hash).executeTakeFirst();
  }

  async create(session: Session): Promise<void> {
    await this.#db.insertInto("sessions").values(session).execute();
  }

  async update(id: string, patch: Parameters<SessionStore["update"]>[1]): Promise<Session> {
    const update = this.#db.updateTable("sessions").set(patch).where("id", "=", id).returningAll();
    const row = await update.executeTakeFirst();
    if (row === undefined) throw notFoundError("session", id);
    return row;
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("sessions").where("id", "=", id).execute();
  }

  async removeAllOf(userId: string, exceptId = ""): Promise<void> {
    await this.#db.deleteFrom("sessions").where("userId", "=", userId).where("id", "!=", exceptId).execute();
  }

  async removeExpired(now: number): Promise<number> {
    const removal = this.#db.deleteFrom("sessions").where("refreshExpiresAt", "<", now);
    return Number((await removal.executeTakeFirst()).numDeletedRows);
  }
}
