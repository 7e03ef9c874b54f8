/** Uploaded runtimes in memory. */

import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import { compareText, kept, type MemoryAccess } from "./memory-tables.ts";

export class MemoryRuntimeStore implements RuntimeStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(name: string): Promise<Runtime | undefined> {
    return this.#access(({ runtimes }) => kept(runtimes.get(name)));
  }

  list(): Promise<readonly Runtime[]> {
    return this.#access(({ runtimes }) => kept([...runtimes.values()].sort((a, b) => compareText(a.name, b.name))));
  }

  put(runtime: Runtime): Promise<void> {
    return this.#access(({ runtimes }) => {
      runtimes.set(runtime.name, kept(runtime));
    });
  }

  remove(name: string): Promise<void> {
    return this.#access(({ runtimes }) => {
      runtimes.delete(name);
    });
  }
}
