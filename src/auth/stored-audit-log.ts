/** The audit log over the store. */

import type { AuditEntry, AuditLog, AuditStore } from "../domain/audit.ts";
import type { Clock } from "../domain/clock.ts";
import { newId } from "../lib/ids.ts";

export class StoredAuditLog implements AuditLog {
  readonly #store: Pick<AuditStore, "add">;
  readonly #clock: Pick<Clock, "now">;

  constructor(store: Pick<AuditStore, "add">, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  record(entry: AuditEntry): Promise<void> {
    return this.#store.add({ ...entry, id: newId(), at: this.#clock.now() });
  }
}
