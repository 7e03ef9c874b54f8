/**
 * Projects with people in them: users with sessions and API keys, an audit log, kept variables, the canvas, staged
 * changes. Instance records and addresses no longer go with their project: they are needed until the instances are gone.
 */

import { type ColumnDefinitionBuilder, sql } from "kysely";
import type { Migration, MigrationDb } from "../migration.ts";

export const projectsAndPeople: Migration = {
  version: 3,
  name: "projects-and-people",
  async up(db) {
    await extendServices(db);
    await extendDeployments(db);
    await freeInstances(db);
    await freeAddresses(db);
    await createLeavingProjects(db);
    await createPeople(db);
    await createAudit(db);
    await createEnvVars(db);
    await createCanvas(db);
    await placeServices(db);
    await createPendingChanges(db);
  },
};

const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const required = (column: ColumnDefinitionBuilder) => column.notNull();
const unique = (column: ColumnDefinitionBuilder) => column.notNull().unique();
const inProject = (column: ColumnDefinitionBuilder) => column.notNull().references("projects.id").onDelete("cascade");
const ofUser = (column: ColumnDefinitionBuilder) => column.notNull().references("users.id").onDelete("cascade");
const atNode = (column: ColumnDefinitionBuilder) => column.notNull().references("canvas_nodes.id").onDelete("cascade");

async function extendServices(db: MigrationDb): Promise<void> {
  await db.schema.alterTable("services").addColumn("preset", "text").execute();
  await db.schema
    .alterTable("services")
    .addColumn("volumes_name", "text", (column) => column.notNull().defaultTo(""))
    .execute();
  await db.schema
    .alterTable("services")
    .addColumn("former_names", "text", (column) => column.notNull().defaultTo("[]"))
    .execute();
  await sql`update services set volumes_name = name`.execute(db);
}

async function extendDeployments(db: MigrationDb): Promise<void> {
  const deployments = () => db.schema.alterTable("deployments");
  await deployments().addColumn("wanted_image", "text").execute();
  await deployments()
    .addColumn("given_env", "text", (column) => column.notNull().defaultTo("{}"))
    .execute();
  await deployments()
    .addColumn("awaits_start", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await deployments()
    .addColumn("restart", "text", (column) => column.notNull().defaultTo("always"))
    .execute();
  await sql`update deployments set given_env = env`.execute(db);
}

/** SQLite can't drop a foreign key: the table is made anew. */
async function freeInstances(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("instances_new")
    .addColumn("slot", "text", key)
    .addColumn("service_id", "text", required)
    .addColumn("project_id", "text", required)
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
  await sql`insert into instances_new (slot, service_id, project_id, deployment_id, replica, runtime_id, address, port,
      state, restart_count, next_start_at, started_at, ready_at, last_exit_code, last_log_tail)
    select slot, service_id, project_id, deployment_id, replica, runtime_id, address, port,
      state, restart_count, next_start_at, started_at, ready_at, last_exit_code, last_log_tail
    from instances`.execute(db);
  await db.schema.dropTable("instances").execute();
  await db.schema.alterTable("instances_new").renameTo("instances").execute();
  await db.schema.createIndex("instances_service").on("instances").column("service_id").execute();
}

async function freeAddresses(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("addresses_new")
    .addColumn("project_id", "text", required)
    .addColumn("host_number", "integer", required)
    .addColumn("slot", "text", required)
    .addColumn("freed_at", "bigint")
    .addPrimaryKeyConstraint("addresses_key", ["project_id", "host_number"])
    .addUniqueConstraint("addresses_slot", ["project_id", "slot"])
    .execute();
  await sql`insert into addresses_new (project_id, host_number, slot, freed_at)
    select project_id, host_number, slot, freed_at from addresses`.execute(db);
  await db.schema.dropTable("addresses").execute();
  await db.schema.alterTable("addresses_new").renameTo("addresses").execute();
}

async function createLeavingProjects(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("leaving_projects")
    .addColumn("slug", "text", key)
    .addColumn("id", "text", unique)
    .addColumn("network_index", "integer", unique)
    .execute();
}

async function createPeople(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("users")
    .addColumn("id", "text", key)
    .addColumn("email", "text", unique)
    .addColumn("name", "text", required)
    .addColumn("role", "text", required)
    .addColumn("password_hash", "text", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .execute();
  await db.schema
    .createTable("sessions")
    .addColumn("id", "text", key)
    .addColumn("user_id", "text", ofUser)
    .addColumn("access_hash", "text", unique)
    .addColumn("family_hash", "text", unique)
    .addColumn("refresh_hash", "text", required)
    .addColumn("expires_at", "bigint", required)
    .addColumn("refresh_expires_at", "bigint", required)
    .addColumn("created_at", "bigint", required)
    .execute();
  await db.schema.createIndex("sessions_user").on("sessions").column("user_id").execute();
  await db.schema
    .createTable("api_keys")
    .addColumn("id", "text", key)
    .addColumn("user_id", "text", ofUser)
    .addColumn("description", "text", required)
    .addColumn("prefix", "text", required)
    .addColumn("token_hash", "text", unique)
    .addColumn("expires_at", "bigint")
    .addColumn("last_used_at", "bigint")
    .addColumn("created_at", "bigint", required)
    .execute();
  await db.schema.createIndex("api_keys_user").on("api_keys").column("user_id").execute();
}

/** The user is no foreign key: what somebody did stays written when that user is gone. */
async function createAudit(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("audit")
    .addColumn("id", "text", key)
    .addColumn("at", "bigint", required)
    .addColumn("actor_kind", "text", required)
    .addColumn("user_id", "text")
    .addColumn("actor_name", "text", required)
    .addColumn("action", "text", required)
    .addColumn("target", "text", required)
    .addColumn("status", "integer", required)
    .addColumn("from", "text", required)
    .addColumn("request_id", "text", required)
    .execute();
  await db.schema.createIndex("audit_at").on("audit").columns(["at desc", "id"]).execute();
}

/** The scope's id is no foreign key: it is one of three tables'. */
async function createEnvVars(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("env_vars")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", inProject)
    .addColumn("scope", "text", required)
    .addColumn("scope_id", "text", required)
    .addColumn("key", "text", required)
    .addColumn("value", "text", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .addUniqueConstraint("env_vars_key", ["scope", "scope_id", "key"])
    .execute();
  await db.schema.createIndex("env_vars_project").on("env_vars").column("project_id").execute();
}

async function createCanvas(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("canvas_nodes")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", inProject)
    .addColumn("type", "text", required)
    .addColumn("label", "text", required)
    .addColumn("position_x", "double precision", required)
    .addColumn("position_y", "double precision", required)
    .addColumn("width", "double precision")
    .addColumn("height", "double precision")
    .addColumn("service_id", "text", (column) => column.unique().references("services.id").onDelete("cascade"))
    .addColumn("parent_id", "text", (column) => column.references("canvas_nodes.id").onDelete("set null"))
    .addColumn("data", "text", required)
    .addColumn("created_at", "bigint", required)
    .addColumn("updated_at", "bigint", required)
    .execute();
  await db.schema.createIndex("canvas_nodes_project").on("canvas_nodes").column("project_id").execute();
  await db.schema.createIndex("canvas_nodes_parent").on("canvas_nodes").column("parent_id").execute();
  await db.schema
    .createTable("canvas_edges")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", inProject)
    .addColumn("source_id", "text", atNode)
    .addColumn("target_id", "text", atNode)
    .addColumn("label", "text")
    .addColumn("data", "text", required)
    .execute();
  for (const column of ["project_id", "source_id", "target_id"]) {
    await db.schema.createIndex(`canvas_edges_${column}`).on("canvas_edges").column(column).execute();
  }
}

/** A node for each service there is, four in a row, each in a cell of 260 × 160. The id is a random UUID (v4). */
async function placeServices(db: MigrationDb): Promise<void> {
  const uuid = sql`lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89ab', (random() & 3) + 1, 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`;
  await sql`insert into canvas_nodes (id, project_id, type, label, position_x, position_y, width, height, service_id,
      parent_id, data, created_at, updated_at)
    select ${uuid}, project_id, 'service', name, (place % 4) * 260, (place / 4) * 160, null, null, id,
      null, '{}', created_at, created_at
    from (select services.*, row_number() over (partition by project_id order by created_at, id) - 1 as place
      from services) as placed`.execute(db);
}

async function createPendingChanges(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable("pending_changes")
    .addColumn("id", "text", key)
    .addColumn("project_id", "text", inProject)
    .addColumn("seq", "integer", required)
    .addColumn("user_id", "text", (column) => column.references("users.id").onDelete("set null"))
    .addColumn("op", "text", required)
    .addColumn("target_id", "text")
    .addColumn("target_temp_id", "text")
    .addColumn("parent_temp_id", "text")
    .addColumn("payload", "text", required)
    .addColumn("created_at", "bigint", required)
    .addUniqueConstraint("pending_changes_seq", ["project_id", "seq"])
    .execute();
  await db.schema.createIndex("pending_changes_user").on("pending_changes").column("user_id").execute();
}
