/**
 * Kysely's SQLite dialect over one `SqliteConnection`. Kysely's own driver would also do the queueing, but it hangs
 * for ever when a transaction's work calls the database outside of its transaction; `Exclusive` throws then.
 */

import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Exclusive } from "../lib/exclusive.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

export class NodeSqliteDialect implements Dialect {
  readonly #connection: SqliteConnection;
  readonly #turns: Exclusive;

  /** @param turns who may use the connection; a transaction keeps its turn until it ends */
  constructor(connection: SqliteConnection, turns: Exclusive) {
    this.#connection = connection;
    this.#turns = turns;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#connection, this.#turns);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new QueuedSqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** Says that Kysely need not queue, because the driver below does. */
class QueuedSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #turns: Exclusive;
  #endTurn: () => void = () => undefined;

  constructor(connection: SqliteConnection, turns: Exclusive) {
    this.#connection = connection;
    this.#turns = turns;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#endTurn = await this.#turns.acquire();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  beginTransaction(): Promise<void> {
    return this.#connection.begin();
  }

  async commitTransaction(): Promise<void> {
    this.#connection.execute("COMMIT");
  }

  async rollbackTransaction(): Promise<void> {
    if (this.#connection.isInTransaction) this.#connection.execute("ROLLBACK");
  }

  async destroy(): Promise<void> {
    this.#connection.close();
  }
}
