import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Kysely, sql } from "kysely";
import { Exclusive } from "../lib/exclusive.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

/** A database as the first version left it, with one function that serves. */
async function writeFirstVersion(path: string): Promise<void> {
  const connection = SqliteConnection.open(path);
  const db = new Kysely<unknown>({ dialect: new NodeSqliteDialect(connection, new Exclusive()) });
  await migrate(db, MIGRATIONS.slice(0, 1));
  await sql`insert into projects values ('p', 'default', 'default', 1, 1, 1)`.execute(db);
  await sql`insert into services (id, project_id, name, kind, status, desired, is_private, route_name, volume_text,
    active_deployment_id, created_at, updated_at)
    values ('s', 'p', 'hello', 'function', 'running', 'running', 0, 'hello', '', 'd', 1, 1)`.execute(db);
  await sql`insert into deployments (id, service_id, status, env, ports, listen_ports, replicas, resources, command,
    health, start_ms, timeout_ms, volumes, volume_text, attempt_count, created_at)
    values ('d', 's', 'healthy', '{"A":"1"}', '[]', '[3000]', 2, '{"cpuMillicores":null,"memoryBytes":null}', '[]',
    '{"path":"/ping","intervalMs":10000,"timeoutMs":2000}', 60000, 30000, '[]', '', 0, 1)`.execute(db);
  await sql`insert into deployments (id, service_id, status, env, ports, listen_ports, replicas, resources, command,
    health, start_ms, timeout_ms, volumes, volume_text, attempt_count, created_at)
    values ('e', 's', 'failed', '{}', '[]', '[]', 1, '{"cpuMillicores":null,"memoryBytes":null}', '[]',
    'null', 60000, 30000, '[]', '', 0, 0)`.execute(db);
  await sql`insert into runtimes values ('deno', 'uploaded', 'dockerfile', 'x.dockerfile', '', 'http', 8080, 1, 1)`.execute(
    db,
  );
  await db.destroy();
}

test("what the first version stored is there after an upgrade, with what is new as it was meant then", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-upgrade-"));
  try {
    const path = join(folder, "slipway.db");
    await writeFirstVersion(path);
    const database = await SqliteDatabase.open(path);
    const serving = await database.deployments.get("d");
    assert.deepEqual(serving.health, { path: "/ping", intervalMs: 10_000, timeoutMs: 2_000, allowsNotFound: false });
    assert.deepEqual([serving.replicas, serving.declaredReplicas, serving.isHeld], [2, null, false]);
    assert.deepEqual([serving.secrets, serving.routes, serving.isolation, serving.test], [[], [], "runc", null]);
    assert.deepEqual([serving.options, serving.buildInputs, serving.declared], [{}, { args: {}, secrets: [] }, {}]);
    assert.equal((await database.deployments.get("e")).health, null);
    assert.equal((await database.services.get("s")).replicas, null);
    const runtime = await database.runtimes.find("deno");
    assert.deepEqual([runtime?.options, runtime?.reload, runtime?.healthPath], [{}, null, null]);
    assert.deepEqual([await database.secrets.list(), await database.routes.list()], [[], []]);
    await database.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
