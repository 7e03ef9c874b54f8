/** What builds and deployments in memory have in common: records of a service, listed newest first. */

import type { Page } from "../domain/project.ts";
import {
  byNewest,
  kept,
  type MemoryAccess,
  type MemoryTables,
  mustBeFree,
  mustGet,
  mustHaveOwner,
  patched,
  slice,
} from "./memory-tables.ts";

type ServiceRecord = {
  readonly id: string;
  readonly serviceId: string;
  readonly status: string;
  readonly createdAt: number;
};

type Filter<T extends ServiceRecord> = Page & {
  readonly serviceId?: string;
  readonly statuses?: readonly T["status"][];
};

export class MemoryServiceRecords<T extends ServiceRecord> {
  protected readonly access: MemoryAccess;
  readonly #noun: string;
  readonly #tableOf: (tables: MemoryTables) => Map<string, T>;

  constructor(access: MemoryAccess, noun: string, tableOf: (tables: MemoryTables) => Map<string, T>) {
    this.access = access;
    this.#noun = noun;
    this.#tableOf = tableOf;
  }

  get(id: string): Promise<T> {
    return this.access((tables) => kept(mustGet(this.#tableOf(tables), this.#noun, id)));
  }

  list(filter: Filter<T>): Promise<readonly T[]> {
    return this.access((tables) => kept(slice(this.#matching(tables, filter).sort(byNewest), filter)));
  }

  count(filter: Omit<Filter<T>, keyof Page>): Promise<number> {
    return this.access((tables) => this.#matching(tables, filter).length);
  }

  create(record: T): Promise<void> {
    return this.access((tables) => {
      mustBeFree(this.#tableOf(tables).values(), this.#noun, "id", record.id);
      mustHaveOwner(tables.services, record.serviceId);
      this.#tableOf(tables).set(record.id, kept(record));
    });
  }

  update(id: string, patch: Partial<T>): Promise<T> {
    return this.access((tables) => {
      const updated = patched(mustGet(this.#tableOf(tables), this.#noun, id), patch);
      this.#tableOf(tables).set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.access((tables) => {
      this.#tableOf(tables).delete(id);
    });
  }

  #matching(tables: MemoryTables, { serviceId, statuses }: Omit<Filter<T>, keyof Page>): T[] {
    return [...this.#tableOf(tables).values()].filter(
      (record) =>
        (serviceId === undefined || record.serviceId === serviceId) &&
        (statuses === undefined || statuses.includes(record.status)),
    );
  }
}
