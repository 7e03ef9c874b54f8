/** Looks into a database file without becoming its server: one that is to be restored, or one that is being served. */

import { DatabaseSync } from "node:sqlite";
import { AppError } from "../domain/errors.ts";
import { MIGRATIONS } from "./migrate.ts";
import { translateSqliteError } from "./sqlite-errors.ts";

export type DatabaseFacts = {
  /** Of the file, and the newest that this program knows. */
  readonly schema: number;
  readonly newestSchema: number;
  /** Null before the first start. */
  readonly serverId: string | null;
  /** Something in it opens only with `master.key`. */
  readonly hasSealed: boolean;
  /** How many services it has. */
  readonly services: number;
};

const BUSY_TIMEOUT_MS = 5000;

/** @param path of a file that is there. @throws AppError `invalid` when it is damaged or no database of Slipway */
export function inspectDatabase(path: string): DatabaseFacts {
  return withDatabase(path, (database) => {
    const [check] = database.prepare("PRAGMA quick_check(1)").all();
    if (check?.quick_check !== "ok") throw new AppError("invalid", "The database is damaged.");
    const tables = new Set(
      database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map((row) => row.name),
    );
    if (!tables.has("_migrations") || !tables.has("settings"))
      throw new AppError("invalid", "The database is not one of Slipway.");
    const count = (table: string): number => (tables.has(table) ? countOf(database, table) : 0);
    const serverId = database.prepare("SELECT value FROM settings WHERE key = 'server_id'").get()?.value;
    return {
      schema: Number(database.prepare("SELECT max(version) AS version FROM _migrations").get()?.version ?? 0),
      newestSchema: newestSchema(),
      serverId: typeof serverId === "string" ? serverId : null,
      hasSealed: count("secrets") + count("registries") > 0,
      services: count("services"),
    };
  });
}

/** The newest schema that this program knows. */
export function newestSchema(): number {
  return MIGRATIONS.at(-1)?.version ?? 0;
}

/** How many deployments of a database that is in use are on their way. */
export function countDeployments(path: string, statuses: readonly string[]): number {
  return withDatabase(path, (database) => {
    const marks = statuses.map(() => "?").join(", ");
    const row = database.prepare(`SELECT count(*) AS n FROM deployments WHERE status IN (${marks})`).get(...statuses);
    return Number(row?.n ?? 0);
  });
}

function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    return work(database);
  } catch (error) {
    const known = translateSqliteError(error);
    if (known instanceof AppError && known.code === "internal")
      throw new AppError("invalid", "The database is damaged or none at all.", { cause: error });
    throw known;
  } finally {
    database?.close();
  }
}

function countOf(database: DatabaseSync, table: string): number {
  return Number(database.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.n ?? 0);
}
