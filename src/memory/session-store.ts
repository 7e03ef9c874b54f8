/** Sessions in memory. */

import type { Session, SessionStore } from "../domain/session.ts";
import { kept, type MemoryAccess, mustBeFree, mustGet, mustHaveOwner, patched, removeWhere } from "./memory-tables.ts";

export class MemorySessionStore implements SessionStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(id: string): Promise<Session | undefined> {
    return this.#access(({ sessions }) => kept(sessions.get(id)));
  }

  findByAccessHash(hash: string): Promise<Session | undefined> {
    return this.#access(({ sessions }) => kept([...sessions.values()].find((session) => session.accessHash === hash)));
  }

  findByFamilyHash(hash: string): Promise<Session | undefined> {
    return this.#access(({ sessions }) => kept([...sessions.values()].find((session) => session.familyHash === hash)));
  }

  create(session: Session): Promise<void> {
    return this.#access(({ sessions, users }) => {
      for (const field of ["id", "accessHash", "familyHash"] as const) {
        mustBeFree(sessions.values(), "session", field, session[field]);
      }
      mustHaveOwner(users, session.userId);
      sessions.set(session.id, kept(session));
    });
  }

  update(id: string, patch: Parameters<SessionStore["update"]>[1]): Promise<Session> {
    return this.#access(({ sessions }) => {
      const updated = patched(mustGet(sessions, "session", id), patch);
      const others = [...sessions.values()].filter((other) => other.id !== id);
      mustBeFree(others, "session", "accessHash", updated.accessHash);
      sessions.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ sessions }) => {
      sessions.delete(id);
    });
  }

  removeAllOf(userId: string, exceptId?: string): Promise<void> {
    return this.#access(({ sessions }) =>
      removeWhere(sessions, (session) => session.userId === userId && session.id !== exceptId),
    );
  }

  removeExpired(now: number): Promise<number> {
    return this.#access(({ sessions }) => {
      const before = sessions.size;
      removeWhere(sessions, (session) => session.refreshExpiresAt < now);
      return before - sessions.size;
    });
  }
}
