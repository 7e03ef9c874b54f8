/** Uploaded runtimes in memory. */

import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import { MemoryKeyedRecords } from "./keyed-records.ts";
import type { MemoryAccess } from "./memory-tables.ts";

export class MemoryRuntimeStore extends MemoryKeyedRecords<Runtime> implements RuntimeStore {
  constructor(access: MemoryAccess) {
    super(
      access,
      ({ name }) => name,
      ({ runtimes }) => runtimes,
    );
  }
}
