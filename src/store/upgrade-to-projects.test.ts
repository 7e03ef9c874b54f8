import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Kysely } from "kysely";
import { Exclusive } from "../lib/exclusive.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

const TABLES = [
  "projects",
  "services",
  "deployments",
  "builds",
  "instances",
  "addresses",
  "runtimes",
  "routes",
  "secrets",
  "registries",
  "settings",
];

const RESOURCES = '{"cpuMillicores":null,"memoryBytes":null}';

/** Rows as the second version left them: two projects, six services, something in every table. */
const ROWS = `
  insert into projects values ('p', 'default', 'default', 0, 1, 2), ('q', 'Shop', 'shop', 1, 3, 4);
  insert into services (id, project_id, name, kind, status, desired, is_private, route_name, local_port, tag, runtime,
      volume_text, active_deployment_id, created_at, updated_at, replicas)
    select 's' || value, 'p', 'fn-' || value, 'function', 'running', 'running', 0, 'fn-' || value, 9000 + value,
      'fn:' || value, 'node', './d:/d', 'd', 10 - value, 11, 2 from json_each('[1,2,3,4,5]');
  insert into services (id, project_id, name, kind, status, desired, is_private, route_name, volume_text, created_at,
    updated_at) values ('t', 'q', 'db', 'image', 'stopped', 'stopped', 1, 'db-shop', '', 5, 6);
  insert into deployments (id, service_id, status, image, source_id, build_id, env, ports, listen_ports, replicas,
      resources, command, health, start_ms, timeout_ms, volumes, volume_text, attempt_count, created_at, is_held)
    values ('d', 's1', 'healthy', 'i:1', 'src', 'b', '{"A":"1"}', '[]', '[3000]', 2, '${RESOURCES}', '[]', 'null',
      60000, 30000, '[]', '', 0, 1, 0),
    ('e', 's1', 'built', null, 'src', 'b', '{}', '[]', '[]', 1, '${RESOURCES}', '["node"]', 'null',
      60000, 30000, '[]', '', 3, 2, 1);
  insert into builds (id, service_id, source_id, status, was_cached, created_at) values ('b', 's1', 'src', 'failed', 1, 1);
  insert into instances values ('d-0', 's1', 'p', 'd', 0, 'r-1', '10.0.0.2', 3000, 'ready', 2, 0, 1, 2, 137, 'log'),
    ('x-0', 'gone', 'q', 'x', 0, null, '10.0.1.2', null, 'draining', 0, 0, null, null, null, null);
  insert into addresses values ('p', 2, 'd-0', null), ('p', 3, 'old-0', 77), ('q', 2, 'x-0', null);
  insert into runtimes (name, origin, shape, path, description, protocol, default_port, created_at, updated_at)
    values ('deno', 'uploaded', 'dockerfile', 'deno.dockerfile', '', 'http', 8080, 1, 1);
  insert into routes values ('r', 's1', 'path', '/sum', 'manifest', 1);
  insert into secrets values ('k', 'p', '', 'key', 'c2VhbGVk', 1, 2);
  insert into registries values ('r.example.com', 'me', 'c2VhbGVk', 1, 2);
  insert into settings values ('server-id', 'abc');
`;

async function writeSecondVersion(path: string): Promise<void> {
  const connection = SqliteConnection.open(path);
  const db = new Kysely<unknown>({ dialect: new NodeSqliteDialect(connection, new Exclusive()) });
  await migrate(db, MIGRATIONS.slice(0, 2));
  connection.execute(ROWS);
  await db.destroy();
}

/** All rows of those tables, by table; `columns`: of each table only these. */
function rowsOf(path: string, columns?: ReadonlyMap<string, readonly string[]>): Map<string, readonly object[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const read = (table: string) => {
      const names = columns?.get(table)?.join(", ") ?? "*";
      return database.prepare(`select ${names} from ${table} order by rowid`).all();
    };
    return new Map(TABLES.map((table) => [table, read(table)]));
  } finally {
    database.close();
  }
}

async function upgraded(check: (path: string, before: Map<string, readonly object[]>) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-upgrade-"));
  try {
    const path = join(folder, "slipway.db");
    await writeSecondVersion(path);
    const before = rowsOf(path);
    await (await SqliteDatabase.open(path)).close();
    await check(path, before);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("every row of the second version is there unchanged after an upgrade, and no reference points nowhere", async () => {
  await upgraded(async (path, before) => {
    const columns = new Map([...before].map(([table, [row = {}]]) => [table, Object.keys(row)]));
    assert.deepEqual(
      [...before.values()].map((rows) => rows.length > 0),
      TABLES.map(() => true),
    );
    assert.deepEqual(rowsOf(path, columns), before);
    const database = new DatabaseSync(path, { readOnly: true });
    assert.deepEqual(database.prepare("pragma foreign_key_check").all(), []);
    assert.deepEqual(database.prepare("pragma integrity_check").all().map(Object.values), [["ok"]]);
    database.close();
  });
});

test("what is new of services and deployments is what it was meant before", async () => {
  await upgraded(async (path) => {
    const database = await SqliteDatabase.open(path);
    const service = await database.services.get("s1");
    assert.deepEqual([service.preset, service.volumesName], [null, "fn-1"]);
    const { wantedImage, givenEnv, env, awaitsStart, restart } = await database.deployments.get("d");
    assert.deepEqual(
      [wantedImage, givenEnv, env, awaitsStart, restart],
      [null, { A: "1" }, { A: "1" }, false, "always"],
    );
    assert.deepEqual([await database.users.count(), await database.audit.count()], [0, 0]);
    await database.close();
  });
});

test("every service has a node on its project's canvas, in a grid and the order they were made", async () => {
  await upgraded(async (path) => {
    const database = await SqliteDatabase.open(path);
    const nodes = await database.canvas.listNodes("p");
    assert.deepEqual(
      nodes.map((node) => [node.serviceId, node.label, node.positionX, node.positionY]),
      [
        ["s5", "fn-5", 0, 0],
        ["s4", "fn-4", 260, 0],
        ["s3", "fn-3", 520, 0],
        ["s2", "fn-2", 780, 0],
        ["s1", "fn-1", 0, 160],
      ],
    );
    const node = await database.canvas.findNodeOfService("t");
    const { id, ...rest } = node ?? { id: "" };
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(rest, {
      projectId: "q",
      type: "service",
      label: "db",
      positionX: 0,
      positionY: 0,
      width: null,
      height: null,
      serviceId: "t",
      parentId: null,
      data: "{}",
      createdAt: 5,
      updatedAt: 5,
    });
    await database.close();
  });
});

test("instance records and addresses of an upgraded database outlive their project", async () => {
  await upgraded(async (path) => {
    const database = await SqliteDatabase.open(path);
    await database.projects.remove("p");
    assert.deepEqual(
      (await database.instances.list()).map((record) => record.slot),
      ["d-0", "x-0"],
    );
    assert.deepEqual(await database.projects.listLeaving(), [{ id: "p", slug: "default", networkIndex: 0 }]);
    assert.deepEqual(await database.canvas.listNodes("p"), []);
    await database.projects.create({ id: "new", name: "d", slug: "default", createdAt: 9, updatedAt: 9 });
    assert.equal(await database.addresses.claim("p", "d-0", 100, 1_000), 2);
    assert.equal(await database.addresses.claim("p", "e-0", 100, 1_000), 4);
    await database.close();
  });
});
