/** Staged changes in memory. */

import type { PendingChange, PendingChangeStore } from "../domain/pending-change.ts";
import { kept, type MemoryAccess, mustBeFree, mustGet, mustHaveOwner, removeWhere } from "./memory-tables.ts";

export class MemoryPendingChangeStore implements PendingChangeStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  list(projectId: string): Promise<readonly PendingChange[]> {
    return this.#access(({ pendingChanges }) =>
      kept([...pendingChanges.values()].filter((c) => c.projectId === projectId).sort((a, b) => a.seq - b.seq)),
    );
  }

  find(id: string): Promise<PendingChange | undefined> {
    return this.#access(({ pendingChanges }) => kept(pendingChanges.get(id)));
  }

  create(change: PendingChange): Promise<void> {
    return this.#access(({ projects, users, pendingChanges }) => {
      const { id, projectId, seq, userId } = change;
      const neighbours = [...pendingChanges.values()].filter((other) => other.projectId === projectId);
      mustBeFree(pendingChanges.values(), "pending change", "id", id);
      mustBeFree(neighbours, "pending change", "seq", seq);
      mustHaveOwner(projects, projectId);
      if (userId !== null) mustHaveOwner(users, userId);
      pendingChanges.set(id, kept(change));
    });
  }

  update(id: string, payload: PendingChange["payload"]): Promise<PendingChange> {
    return this.#access(({ pendingChanges }) => {
      // Who replaces a payload gives one of the same op; the types of the two are not tied to each other.
      const updated = kept({ ...mustGet(pendingChanges, "pending change", id), payload } as PendingChange);
      pendingChanges.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ pendingChanges }) => {
      pendingChanges.delete(id);
    });
  }

  clear(projectId: string): Promise<void> {
    return this.#access(({ pendingChanges }) =>
      removeWhere(pendingChanges, (change) => change.projectId === projectId),
    );
  }
}
