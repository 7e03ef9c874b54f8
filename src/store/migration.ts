/** One numbered step of the schema. Steps are only ever added: a released one never changes. */

import type { Kysely } from "kysely";

/** The database while its schema changes: no table is known to the types. */
export type MigrationDb = Kysely<unknown>;

export type Migration = {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  /** Runs inside a transaction of its own. Column names are written as they are stored, `snake_case`. */
  up(db: MigrationDb): Promise<void>;
};
