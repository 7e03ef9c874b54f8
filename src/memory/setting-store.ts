/** Settings in memory. */

import type { SettingStore } from "../domain/stores.ts";
import type { MemoryAccess } from "./memory-tables.ts";

export class MemorySettingStore implements SettingStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(key: string): Promise<string | undefined> {
    return this.#access(({ settings }) => settings.get(key));
  }

  put(key: string, value: string): Promise<void> {
    return this.#access(({ settings }) => {
      settings.set(key, value);
    });
  }
}
