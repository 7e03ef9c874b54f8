/** Sealed secrets in memory. */

import type { SecretKey, SecretRecord, SecretStore } from "../domain/secret.ts";
import { compareText, kept, type MemoryAccess, mustHaveOwner } from "./memory-tables.ts";

export class MemorySecretStore implements SecretStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(key: SecretKey): Promise<SecretRecord | undefined> {
    return this.#access(({ secrets }) => kept(secrets.get(textOf(key))));
  }

  list(filter: Parameters<SecretStore["list"]>[0] = {}): Promise<readonly SecretRecord[]> {
    return this.#access(({ secrets }) =>
      kept(
        [...secrets.values()]
          .filter((s) => filter.projectId === undefined || s.projectId === filter.projectId)
          .filter((s) => filter.functionName === undefined || s.functionName === filter.functionName)
          .sort(
            (a, b) =>
              compareText(a.functionName ?? "", b.functionName ?? "") ||
              compareText(a.name, b.name) ||
              compareText(a.projectId, b.projectId),
          ),
      ),
    );
  }

  put(record: SecretRecord): Promise<void> {
    return this.#access(({ secrets, projects }) => {
      mustHaveOwner(projects, record.projectId);
      const before = secrets.get(textOf(record));
      const { sealed, updatedAt } = record;
      secrets.set(textOf(record), kept(before === undefined ? record : { ...before, sealed, updatedAt }));
    });
  }

  remove(key: SecretKey): Promise<void> {
    return this.#access(({ secrets }) => {
      secrets.delete(textOf(key));
    });
  }
}

function textOf({ projectId, functionName, name }: SecretKey): string {
  return JSON.stringify([projectId, functionName, name]);
}
