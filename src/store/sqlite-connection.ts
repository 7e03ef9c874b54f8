/**
 * Node's own SQLite as a Kysely connection. This is the door of the folder: every error of SQLite leaves here as an
 * AppError. Statements are kept prepared, because the same few run over and over.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { closedError, isLockedError, translateSqliteError } from "./sqlite-errors.ts";

/** How long to wait for another program's lock, in milliseconds. */
const LOCK_WAIT_MS = 5000;
/** How often it is tried meanwhile. SQLite's own waiting would make the event loop stand still. */
const LOCK_TRY_MS = 20;
/** More texts than the stores have; beyond it the oldest goes. */
const KEPT_STATEMENTS = 256;

type Prepared = { readonly statement: StatementSync; readonly isReader: boolean };

export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #lockWaitMs: number;
  readonly #prepared = new Map<string, Prepared>();
  /** Since when another program has held the lock; undefined while nobody does, as far as is known. */
  #lockedSince: number | undefined;

  private constructor(database: DatabaseSync, lockWaitMs: number) {
    this.#database = database;
    this.#lockWaitMs = lockWaitMs;
  }

  /**
   * Opens or creates the database file.
   * @param lockWaitMs how long statements wait for another program's lock
   * @throws AppError `unavailable` (can't be opened, or locked by another program), `internal` (not a database)
   */
  static open(path: string, lockWaitMs = LOCK_WAIT_MS): SqliteConnection {
    return translated(() => {
      const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, enableForeignKeyConstraints: true });
      try {
        // FULL, not NORMAL: with NORMAL a power cut takes the last commits of a WAL database away, and an upload that
        // was answered with 202 must still be there. It costs one fsync per commit, and commits are few: requests to
        // functions never write.
        database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0;");
        // SQLite's own `lower` knows the letters A to Z only.
        database.function("lower", { deterministic: true }, (text) =>
          typeof text === "string" ? text.toLowerCase() : text,
        );
      } catch (error) {
        database.close();
        throw error;
      }
      return new SqliteConnection(database, lockWaitMs);
    });
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#whenUnlocked(() => {
      const { statement, isReader } = this.#prepare(query.sql);
      const parameters = query.parameters as SQLInputValue[];
      // Kysely gives each query its row type; SQLite can't know it.
      if (isReader) return { rows: statement.all(...parameters) as R[] };
      const { changes } = statement.run(...parameters);
      this.#lockedSince = undefined;
      return { rows: [], numAffectedRows: BigInt(changes) };
    });
  }

  /** All rows in one chunk: they are in memory anyway. Kysely asks for it; the stores don't. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  /** IMMEDIATE takes the write lock at once, so that a transaction can't fail in its middle for want of it. */
  begin(): Promise<void> {
    return this.#whenUnlocked(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#lockedSince = undefined;
    });
  }

  /** Runs a statement that takes no parameters and answers nothing, such as COMMIT. */
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

  /**
   * A statement that finds the lock taken has done nothing, so it can be tried again. Counted from when the lock was
   * first seen: those who queued behind one who waited in vain are refused at once, not each after a wait of its own.
   */
  async #whenUnlocked<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isLockedError(error)) throw translateSqliteError(error);
        this.#lockedSince ??= performance.now();
        if (performance.now() - this.#lockedSince >= this.#lockWaitMs) throw translateSqliteError(error);
      }
      await pause(LOCK_TRY_MS);
    }
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
