/** Instance records in memory, one per slot. */

import type { InstanceRecord, InstanceStore } from "../domain/instance.ts";
import { compareText, kept, type MemoryAccess, mustGet, mustHaveOwner, patched } from "./memory-tables.ts";

export class MemoryInstanceStore implements InstanceStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  list(filter: { readonly serviceId?: string } = {}): Promise<readonly InstanceRecord[]> {
    return this.#access(({ instances }) => {
      const all = [...instances.values()].sort((a, b) => compareText(a.slot, b.slot));
      return kept(filter.serviceId === undefined ? all : all.filter((record) => record.serviceId === filter.serviceId));
    });
  }

  put(record: InstanceRecord): Promise<void> {
    return this.#access(({ projects, instances }) => {
      mustHaveOwner(projects, record.projectId);
      instances.set(record.slot, kept(record));
    });
  }

  update(slot: string, patch: Parameters<InstanceStore["update"]>[1]): Promise<InstanceRecord> {
    return this.#access(({ instances }) => {
      const updated = patched(mustGet(instances, "instance", slot), patch);
      instances.set(slot, updated);
      return kept(updated);
    });
  }

  remove(slot: string): Promise<void> {
    return this.#access(({ instances }) => {
      instances.delete(slot);
    });
  }
}
