/** Logins of registries in memory. */

import type { RegistryRecord, RegistryStore } from "../domain/registry.ts";
import { compareText, kept, type MemoryAccess } from "./memory-tables.ts";

export class MemoryRegistryStore implements RegistryStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(host: string): Promise<RegistryRecord | undefined> {
    return this.#access(({ registries }) => kept(registries.get(host)));
  }

  list(): Promise<readonly RegistryRecord[]> {
    return this.#access(({ registries }) => kept([...registries.values()].sort((a, b) => compareText(a.host, b.host))));
  }

  put(record: RegistryRecord): Promise<void> {
    return this.#access(({ registries }) => {
      registries.set(record.host, kept(record));
    });
  }

  remove(host: string): Promise<void> {
    return this.#access(({ registries }) => {
      registries.delete(host);
    });
  }
}
