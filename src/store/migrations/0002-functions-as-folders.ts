/** Manifests whole: what deployments, services and runtimes gained with them; routes of their own, secrets, registries. */

import { type ColumnDefinitionBuilder, sql } from "kysely";
import type { Migration, MigrationDb } from "../migration.ts";

export const functionsAsFolders: Migration = {
  version: 2,
  name: "functions-as-folders",
  async up(db) {
    await extendDeployments(db);
    await db.schema.alterTable("services").addColumn("replicas", "integer").execute();
    await extendRuntimes(db);
    await createRoutes(db);
    await createSecrets(db);
  },
};

const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const required = (column: ColumnDefinitionBuilder) => column.notNull();
const json = (fallback: string) => (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(fallback);

/** One ALTER per column: SQLite takes no more at a time. */
async function extendDeployments(db: MigrationDb): Promise<void> {
  const deployments = () => db.schema.alterTable("deployments");
  await deployments().addColumn("declared_replicas", "integer").execute();
  await deployments()
    .addColumn("is_held", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await deployments().addColumn("options", "text", json("{}")).execute();
  await deployments().addColumn("build_inputs", "text", json('{"args":{},"secrets":[]}')).execute();
  for (const name of ["secrets", "networks", "capabilities", "routes"]) {
    await deployments().addColumn(name, "text", json("[]")).execute();
  }
  await deployments().addColumn("isolation", "text", json("runc")).execute();
  await deployments().addColumn("test", "text", json("null")).execute();
  await deployments().addColumn("declared", "text", json("{}")).execute();
  // Health checks said so far were their owners' own.
  await sql`update deployments set health = json_set(health, '$.allowsNotFound', json('false')) where health <> 'null'`.execute(
    db,
  );
}

async function extendRuntimes(db: MigrationDb): Promise<void> {
  const runtimes = () => db.schema.alterTable("runtimes");
  await runtimes().addColumn("health_path", "text").execute();
  await runtimes().addColumn("options", "text", json("{}")).execute();
  await runtimes().addColumn("memory_bytes", "bigint").execute();
  await runtimes().addColumn("code_file", "text").execute();
  await runtimes().addColumn("reload", "text", json("null")).execute();
}

async function createRoutes(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("routes")
    .addColumn("id", "text", key)
    .addColumn("service_id", "text", (column) => column.notNull().references("services.id").onDelete("cascade"))
    .addColumn("kind", "text", required)
    .addColumn("value", "text", required)
    .addColumn("origin", "text", required)
    .addColumn("created_at", "bigint", required)
    .addUniqueConstraint("routes_value", ["kind", "value"])
    .execute();
}

/** A secret may be there before its function: no foreign key to one. */
async function createSecrets(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("secrets")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", (column) => column.notNull().references("projects.id").onDelete("cascade"))
    .addColumn("function_name", "text", required)
    .addColumn("name", "text", required)
    .addColumn("sealed", "text", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .addUniqueConstraint("secrets_key", ["project_id", "function_name", "name"])
    .execute();
  await db.schema
    .createTable("registries")
    .addColumn("host", "text", key)
    .addColumn("username", "text", required)
    .addColumn("sealed_password", "text", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .execute();
}
