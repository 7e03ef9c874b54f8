/**
 * Brings a database to the schema this program knows. Which steps have run stands in the table `_migrations`; each
 * step commits together with its row there, so that a crash in between repeats or keeps a step, never half of it.
 */

import type { Kysely } from "kysely";
import { AppError } from "../domain/errors.ts";
import type { Migration, MigrationDb } from "./migration.ts";
import { initial } from "./migrations/0001-initial.ts";
import { functionsAsFolders } from "./migrations/0002-functions-as-folders.ts";
import { projectsAndPeople } from "./migrations/0003-projects-and-people.ts";

/** All steps, in order. Add the next one at the end. */
export const MIGRATIONS: readonly Migration[] = [initial, functionsAsFolders, projectsAndPeople];

type MigrationSchema = { _migrations: { version: number; name: string; applied_at: number } };

/**
 * Runs the steps that have not run yet.
 * @throws AppError `conflict` when the database was written by a newer program; nothing is changed then
 */
export async function migrate(db: MigrationDb, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const ledger = db.withTables<MigrationSchema>();
  await createLedger(ledger);
  const current = await currentVersion(ledger);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new AppError(
      "conflict",
      `The database was written by a newer Slipway (schema ${current}; this program knows schemas up to ${newest}).`,
      { remedy: "Start the newer version again, or restore a backup that was made before the upgrade." },
    );
  }
  for (const migration of migrations.filter((step) => step.version > current)) {
    await db.transaction().execute(async (tx) => {
      await migration.up(tx);
      const { version, name } = migration;
      await tx
        .withTables<MigrationSchema>()
        .insertInto("_migrations")
        .values({ version, name, applied_at: Date.now() })
        .execute();
    });
  }
}

async function createLedger(ledger: Kysely<MigrationSchema>): Promise<void> {
  await ledger.schema
    .createTable("_migrations")
    .ifNotExists()
    .addColumn("version", "integer", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("applied_at", "bigint", (column) => column.notNull())
    .execute();
}

async function currentVersion(ledger: Kysely<MigrationSchema>): Promise<number> {
  const row = await ledger
    .selectFrom("_migrations")
    .select((eb) => eb.fn.max("version").as("version"))
    .executeTakeFirst();
  return Number(row?.version ?? 0);
}
