/** Users in the store: made, changed and removed under the rules that keep at least one admin. */

import type { NewUser, UserPatch } from "../domain/accounts.ts";
import type { Clock } from "../domain/clock.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { normalizeEmail, type User, userProblems } from "../domain/user.ts";
import { newId } from "../lib/ids.ts";
import type { Passwords } from "./passwords.ts";

export type UsersOptions = {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly events: Pick<EventBus, "publish">;
  readonly clock: Pick<Clock, "now">;
};

export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** A record that is not stored yet. @throws AppError `unprocessable` by field */
  async draft(user: NewUser): Promise<User> {
    const { email, name, password } = requireGood(user);
    const now = this.#options.clock.now();
    const passwordHash = await this.#options.passwords.hash(password);
    return { id: newId(), email, name, role: user.role, passwordHash, createdAt: now, updatedAt: now };
  }

  async create(user: NewUser): Promise<User> {
    const record = await this.draft(user);
    await this.#options.database.users.create(record);
    this.announce("user.created", record.id);
    return record;
  }

  /** `keptSessionId`: the one session that a changed password or role does not end. */
  async update(id: string, patch: UserPatch, keptSessionId?: string): Promise<User> {
    const { email, name, password } = requireGood(patch);
    const { database, passwords, clock } = this.#options;
    await database.users.get(id);
    const passwordHash = password === undefined ? undefined : await passwords.hash(password);
    const updated = await database.transact(async (tx) => {
      const user = await tx.users.get(id);
      const role = patch.role ?? user.role;
      if (user.role === "admin" && role !== "admin") await requireOtherAdmin(tx, id, "become a member");
      if (passwordHash !== undefined || role !== user.role) await tx.sessions.removeAllOf(id, keptSessionId);
      return tx.users.update(id, {
        role,
        ...(email !== undefined && { email }),
        ...(name !== undefined && { name }),
        ...(passwordHash !== undefined && { passwordHash }),
        updatedAt: clock.now(),
      });
    });
    this.announce("user.updated", id);
    return updated;
  }

  async remove(id: string): Promise<void> {
    await this.#options.database.transact(async (tx) => {
      const user = await tx.users.get(id);
      if (user.role === "admin") await requireOtherAdmin(tx, id, "be removed");
      await tx.users.remove(id);
    });
    this.announce("user.deleted", id);
  }

  announce(type: "user.created" | "user.updated" | "user.deleted", userId: string): void {
    this.#options.events.publish({ type, userId });
  }
}

async function requireOtherAdmin(tx: Pick<Stores, "users">, id: string, what: string): Promise<void> {
  const admins = (await tx.users.list()).filter((user) => user.role === "admin" && user.id !== id);
  if (admins.length > 0) return;
  throw new AppError("conflict", `The last admin can't ${what}.`, { remedy: "Make somebody else an admin first." });
}

type Fields = {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
};

/** E-mail and name as they are kept. @throws AppError `unprocessable` by field */
function requireGood<T extends Fields>(user: T): T {
  const kept = {
    ...user,
    ...(user.email !== undefined && { email: normalizeEmail(user.email) }),
    ...(user.name !== undefined && { name: user.name.trim() }),
  };
  const fields = userProblems(kept);
  if (Object.keys(fields).length > 0) throw new AppError("unprocessable", "Validation failed.", { fields });
  return kept;
}
