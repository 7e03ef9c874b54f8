/** Logins of registries in memory. */

import type { RegistryRecord, RegistryStore } from "../domain/registry.ts";
import { MemoryKeyedRecords } from "./keyed-records.ts";
import type { MemoryAccess } from "./memory-tables.ts";

export class MemoryRegistryStore extends MemoryKeyedRecords<RegistryRecord> implements RegistryStore {
  constructor(access: MemoryAccess) {
    super(
      access,
      ({ host }) => host,
      ({ registries }) => registries,
    );
  }
}
