/**
 * The first schema. Written with Kysely's schema builder, so that another dialect runs the same text. Times and sizes
 * are bigint (ms, bytes), booleans 0 or 1, lists and objects JSON text. No CHECK lists the words of a status: SQLite
 * cannot change a CHECK without copying the table, and the domain's types say them already.
 */

import type { ColumnDefinitionBuilder } from "kysely";
import type { Migration, MigrationDb } from "../migration.ts";

export const initial: Migration = {
  version: 1,
  name: "initial",
  async up(db) {
    await createProjects(db);
    await createServices(db);
    await createDeployments(db);
    await createBuilds(db);
    await createInstances(db);
    await createServerTables(db);
  },
};

const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const required = (column: ColumnDefinitionBuilder) => column.notNull();
const inProject = (column: ColumnDefinitionBuilder) => column.notNull().references("projects.id").onDelete("cascade");
const inService = (column: ColumnDefinitionBuilder) => column.notNull().references("services.id").onDelete("cascade");

async function createProjects(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("projects")
    .addColumn("id", "text", key)
    .addColumn("name", "text", required)
    .addColumn("slug", "text", (column) => column.notNull().unique())
    .addColumn("network_index", "integer", (column) => column.notNull().unique())
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .execute();
  await db.schema
    .createTable("addresses")
    .addColumn("project_id", "text", inProject)
    .addColumn("host_number", "integer", required)
    .addColumn("slot", "text", required)
    .addColumn("freed_at", "bigint")
    .addPrimaryKeyConstraint("addresses_key", ["project_id", "host_number"])
    .addUniqueConstraint("addresses_slot", ["project_id", "slot"])
    .execute();
}

/** `active_deployment_id` is no foreign key: it would be a circle, which SQLite and PostgreSQL create differently. */
async function createServices(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("services")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", inProject)
    .addColumn("name", "text", required)
    .addColumn("kind", "text", required)
    .addColumn("status", "text", required)
    .addColumn("desired", "text", required)
    .addColumn("is_private", "integer", required)
    .addColumn("route_name", "text", (column) => column.notNull().unique())
    .addColumn("local_port", "integer", (column) => column.unique())
    .addColumn("tag", "text", (column) => column.unique())
    .addColumn("runtime", "text")
    .addColumn("volume_text", "text", required)
    .addColumn("icon_url", "text")
    .addColumn("active_deployment_id", "text")
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .addUniqueConstraint("services_name", ["project_id", "name"])
    .execute();
}

/** Source, build and runtime are no foreign keys: a deployment stays what it was when those are cleaned away. */
async function createDeployments(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("deployments")
    .addColumn("id", "text", key)
    .addColumn("service_id", "text", inService)
    .addColumn("status", "text", required)
    .addColumn("image", "text")
    .addColumn("source_id", "text")
    .addColumn("build_id", "text")
    .addColumn("runtime", "text")
    .addColumn("env", "text", required)
    .addColumn("ports", "text", required)
    .addColumn("listen_ports", "text", required)
    .addColumn("replicas", "integer", required)
    .addColumn("resources", "text", required)
    .addColumn("command", "text", required)
    .addColumn("health", "text", required)
    .addColumn("start_ms", "bigint", required)
    .addColumn("timeout_ms", "bigint", required)
    .addColumn("volumes", "text", required)
    .addColumn("local_port", "integer")
    .addColumn("tag", "text")
    .addColumn("volume_text", "text", required)
    .addColumn("failure_reason", "text")
    .addColumn("exit_code", "integer")
    .addColumn("log_tail", "text")
    .addColumn("config_hash", "text")
    .addColumn("attempt_count", "integer", required)
    .addColumn("started_at", "bigint")
    .addColumn("healthy_at", "bigint")
    .addColumn("finished_at", "bigint")
    .addColumn("created_at", "bigint", required)
    .execute();
  await db.schema
    .createIndex("deployments_service_created")
    .on("deployments")
    .columns(["service_id", "created_at"])
    .execute();
  await db.schema.createIndex("deployments_status").on("deployments").column("status").execute();
}

async function createBuilds(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("builds")
    .addColumn("id", "text", key)
    .addColumn("service_id", "text", inService)
    .addColumn("source_id", "text", required)
    .addColumn("runtime", "text")
    .addColumn("status", "text", required)
    .addColumn("content_hash", "text")
    .addColumn("image", "text")
    .addColumn("was_cached", "integer", required)
    .addColumn("error", "text")
    .addColumn("created_at", "bigint", required)
    .addColumn("started_at", "bigint")
    .addColumn("finished_at", "bigint")
    .execute();
  await db.schema.createIndex("builds_service_created").on("builds").columns(["service_id", "created_at"]).execute();
  await db.schema.createIndex("builds_status").on("builds").column("status").execute();
}

/** An instance's deployment is no foreign key: who takes it down still needs its address after a deployment is gone. */
async function createInstances(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("instances")
    .addColumn("slot", "text", key)
    // Not a foreign key: records outlive their service until the reconciler has taken the instances down.
    .addColumn("service_id", "text", required)
    .addColumn("project_id", "text", inProject)
    .addColumn("deployment_id", "text", required)
    .addColumn("replica", "integer", required)
    .addColumn("runtime_id", "text")
    .addColumn("address", "text", required)
    .addColumn("port", "integer")
    .addColumn("state", "text", required)
    .addColumn("restart_count", "integer", required)
    .addColumn("next_start_at", "bigint", required)
    .addColumn("started_at", "bigint")
    .addColumn("ready_at", "bigint")
    .addColumn("last_exit_code", "integer")
    .addColumn("last_log_tail", "text")
    .execute();
  await db.schema.createIndex("instances_service").on("instances").column("service_id").execute();
}

async function createServerTables(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("runtimes")
    .addColumn("name", "text", key)
    .addColumn("origin", "text", required)
    .addColumn("shape", "text", required)
    .addColumn("path", "text", required)
    .addColumn("description", "text", required)
    .addColumn("protocol", "text", required)
    .addColumn("default_port", "integer", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .execute();
  await db.schema.createTable("settings").addColumn("key", "text", key).addColumn("value", "text", required).execute();
}
