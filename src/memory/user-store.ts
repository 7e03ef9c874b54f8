/** Users in memory. */

import type { User, UserFilter, UserStore } from "../domain/user.ts";
import {
  byNewest,
  contains,
  kept,
  type MemoryAccess,
  type MemoryTables,
  mustBeFree,
  mustGet,
  patched,
  removeWhere,
  slice,
} from "./memory-tables.ts";

export class MemoryUserStore implements UserStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  get(id: string): Promise<User> {
    return this.#access(({ users }) => kept(mustGet(users, "user", id)));
  }

  find(id: string): Promise<User | undefined> {
    return this.#access(({ users }) => kept(users.get(id)));
  }

  findByEmail(email: string): Promise<User | undefined> {
    return this.#access(({ users }) => kept([...users.values()].find((user) => user.email === email)));
  }

  list(filter: Parameters<UserStore["list"]>[0] = {}): Promise<readonly User[]> {
    return this.#access((tables) => kept(slice(matching(tables, filter).sort(byNewest), filter)));
  }

  count(filter: UserFilter = {}): Promise<number> {
    return this.#access((tables) => matching(tables, filter).length);
  }

  create(user: User): Promise<void> {
    return this.#access(({ users }) => {
      mustBeFree(users.values(), "user", "id", user.id);
      mustBeFree(users.values(), "user", "email", user.email);
      users.set(user.id, kept(user));
    });
  }

  update(id: string, patch: Parameters<UserStore["update"]>[1]): Promise<User> {
    return this.#access(({ users }) => {
      const updated = patched(mustGet(users, "user", id), patch);
      const others = [...users.values()].filter((other) => other.id !== id);
      mustBeFree(others, "user", "email", updated.email);
      users.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ users, sessions, apiKeys, pendingChanges }) => {
      users.delete(id);
      removeWhere(sessions, ({ userId }) => userId === id);
      removeWhere(apiKeys, ({ userId }) => userId === id);
      for (const change of pendingChanges.values()) {
        if (change.userId === id) pendingChanges.set(change.id, { ...change, userId: null });
      }
    });
  }
}

function matching({ users }: MemoryTables, { name, email }: UserFilter): User[] {
  return [...users.values()].filter((user) => contains(user.name, name) && contains(user.email, email));
}
