/** Addresses in memory: the uses of each project's host numbers. */

import { chooseHostNumber } from "../domain/host-number.ts";
import type { AddressStore } from "../domain/instance.ts";
import { type MemoryAccess, mustHaveOwner } from "./memory-tables.ts";

export class MemoryAddressStore implements AddressStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  claim(projectId: string, slot: string, now: number, restMs: number): Promise<number> {
    return this.#access(({ projects, addresses }) => {
      const uses = addresses.get(projectId) ?? [];
      const hostNumber = chooseHostNumber(uses, slot, now, restMs);
      mustHaveOwner(projects, projectId);
      const others = uses.filter((use) => use.hostNumber !== hostNumber);
      addresses.set(projectId, [...others, { hostNumber, slot, freedAt: null }]);
      return hostNumber;
    });
  }

  release(projectId: string, slot: string, now: number): Promise<void> {
    return this.#access(({ addresses }) => {
      const uses = addresses.get(projectId) ?? [];
      const released = uses.map((use) => (use.slot === slot && use.freedAt === null ? { ...use, freedAt: now } : use));
      addresses.set(projectId, released);
    });
  }
}
