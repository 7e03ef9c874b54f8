/** What runtimes and registries in memory have in common: records that are put under a key of their own. */

import { compareText, kept, type MemoryAccess, type MemoryTables } from "./memory-tables.ts";

export class MemoryKeyedRecords<T> {
  readonly #access: MemoryAccess;
  readonly #keyOf: (record: T) => string;
  readonly #tableOf: (tables: MemoryTables) => Map<string, T>;

  constructor(access: MemoryAccess, keyOf: (record: T) => string, tableOf: (tables: MemoryTables) => Map<string, T>) {
    this.#access = access;
    this.#keyOf = keyOf;
    this.#tableOf = tableOf;
  }

  find(key: string): Promise<T | undefined> {
    return this.#access((tables) => kept(this.#tableOf(tables).get(key)));
  }

  list(): Promise<readonly T[]> {
    return this.#access((tables) =>
      kept([...this.#tableOf(tables).values()].sort((a, b) => compareText(this.#keyOf(a), this.#keyOf(b)))),
    );
  }

  put(record: T): Promise<void> {
    return this.#access((tables) => {
      this.#tableOf(tables).set(this.#keyOf(record), kept(record));
    });
  }

  remove(key: string): Promise<void> {
    return this.#access((tables) => {
      this.#tableOf(tables).delete(key);
    });
  }
}
