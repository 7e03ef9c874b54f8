/**
 * The database of a server that runs on one machine: one SQLite file, one connection, everything in turn. SQLite works
 * in this process and answers in microseconds, so more connections would only add waiting for locks.
 */

import { CamelCasePlugin, Kysely } from "kysely";
import type { Database, Stores } from "../domain/stores.ts";
import { Exclusive } from "../lib/exclusive.ts";
import { migrate } from "./migrate.ts";
import { createPrivateFile } from "./private-file.ts";
import type { Schema, SchemaDb } from "./schema.ts";
import { createSqlStores } from "./sql-stores.ts";
import { backUpSqlite, sqliteSizeBytes } from "./sqlite-backup.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

export class SqliteDatabase implements Database {
  readonly projects: Stores["projects"];
  readonly services: Stores["services"];
  readonly deployments: Stores["deployments"];
  readonly builds: Stores["builds"];
  readonly instances: Stores["instances"];
  readonly addresses: Stores["addresses"];
  readonly runtimes: Stores["runtimes"];
  readonly routes: Stores["routes"];
  readonly secrets: Stores["secrets"];
  readonly registries: Stores["registries"];
  readonly settings: Stores["settings"];
  readonly users: Stores["users"];
  readonly sessions: Stores["sessions"];
  readonly apiKeys: Stores["apiKeys"];
  readonly audit: Stores["audit"];
  readonly envVars: Stores["envVars"];
  readonly canvas: Stores["canvas"];
  readonly pendingChanges: Stores["pendingChanges"];
  readonly #path: string;
  readonly #db: SchemaDb;
  readonly #turns: Exclusive;
  readonly #connection: SqliteConnection;

  private constructor(path: string, db: SchemaDb, turns: Exclusive, connection: SqliteConnection) {
    this.#path = path;
    this.#db = db;
    this.#turns = turns;
    this.#connection = connection;
    const stores = createSqlStores(db);
    this.projects = stores.projects;
    this.services = stores.services;
    this.deployments = stores.deployments;
    this.builds = stores.builds;
    this.instances = stores.instances;
    this.addresses = stores.addresses;
    this.runtimes = stores.runtimes;
    this.routes = stores.routes;
    this.secrets = stores.secrets;
    this.registries = stores.registries;
    this.settings = stores.settings;
    this.users = stores.users;
    this.sessions = stores.sessions;
    this.apiKeys = stores.apiKeys;
    this.audit = stores.audit;
    this.envVars = stores.envVars;
    this.canvas = stores.canvas;
    this.pendingChanges = stores.pendingChanges;
  }

  /**
   * Opens the file, created with mode 0600 when it is not there, and brings its schema up to date. Its directory must
   * exist. While stopped, a copy of the directory is a full backup.
   * @throws AppError `conflict` (written by a newer Slipway), `unavailable` (can't be opened), `disk_full`,
   *   `internal` (not a database)
   */
  static async open(path: string): Promise<SqliteDatabase> {
    await createPrivateFile(path);
    const connection = SqliteConnection.open(path);
    try {
      const turns = new Exclusive();
      const db = new Kysely<Schema>({
        dialect: new NodeSqliteDialect(connection, turns),
        plugins: [new CamelCasePlugin()],
      });
      await migrate(db.withoutPlugins() as Kysely<unknown>);
      return new SqliteDatabase(path, db, turns, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** @throws Error when `work` calls this database instead of `tx` and waits for it: it would wait for ever */
  transact<T>(work: (tx: Stores) => Promise<T>): Promise<T> {
    return this.#turns.guard(() => this.#db.transaction().execute((tx) => work(createSqlStores(tx))));
  }

  /** Also what is done while it runs waits for nothing: see `backUpSqlite`. */
  async backupTo(path: string): Promise<void> {
    this.#connection.requireOpen();
    await backUpSqlite(this.#path, path);
  }

  /** The file and its write-ahead log. */
  sizeBytes(): Promise<number> {
    return sqliteSizeBytes(this.#path);
  }

  /** Waits for what was begun. Idempotent; later calls of stores throw AppError `unavailable`. */
  async close(): Promise<void> {
    const endTurn = await this.#turns.acquire();
    try {
      this.#connection.close();
    } finally {
      endTurn();
    }
  }
}
