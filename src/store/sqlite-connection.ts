/**
 * Node's own SQLite as a Kysely connection. This is the door of the folder: every error of SQLite leaves here as an
 * AppError. Statements are kept prepared, because the same few run over and over.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { closedError, translateSqliteError } from "./sqlite-errors.ts";

/** How long to wait for another program's lock, in milliseconds. The event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 5000;
/** More texts than the stores have; beyond it the oldest goes. */
const KEPT_STATEMENTS = 256;

type Prepared = { readonly statement: StatementSync; readonly isReader: boolean };

export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Opens or creates the database file.
   * @throws AppError `unavailable` (can't be opened, or locked by another program), `internal` (not a database)
   */
  static open(path: string): SqliteConnection {
    return translated(() => {
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
      try {
        // FULL, not NORMAL: with NORMAL a power cut takes the last commits of a WAL database away, and an upload that
        // was answered with 202 must still be there. It costs one fsync per commit, and commits are few: requests to
        // functions never write.
        database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        // SQLite's own `lower` knows the letters A to Z only.
        database.function("lower", { deterministic: true }, (text) =>
          typeof text === "string" ? text.toLowerCase() : text,
        );
      } catch (error) {
        database.close();
        throw error;
      }
      return new SqliteConnection(database);
    });
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return translated(() => {
      const { statement, isReader } = this.#prepare(query.sql);
      const parameters = query.parameters as SQLInputValue[];
      // Kysely gives each query its row type; SQLite can't know it.
      if (isReader) return { rows: statement.all(...parameters) as R[] };
      return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) };
    });
  }

  /** All rows in one chunk: they are in memory anyway. Kysely asks for it; the stores don't. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  /** Runs a statement that takes no parameters and answers nothing, such as BEGIN. */
  execute(sql: string): void {
    translated(() => this.#database.exec(sql));
  }

  /** @throws AppError `unavailable` once it is closed */
  requireOpen(): void {
    if (!this.#database.isOpen) throw closedError();
  }

  /** False outside a transaction, also when SQLite has ended one by itself, as it does on a full disk. */
  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Idempotent. Moves what is in the WAL into the file, so that the file alone is the whole database. */
  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, isReader: statement.columns().length > 0 };
    this.#prepared.set(sql, prepared);
    if (this.#prepared.size > KEPT_STATEMENTS) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest);
        break;
      }
    }
    return prepared;
  }
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translateSqliteError(error);
  }
}
