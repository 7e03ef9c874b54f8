/** Deployments in SQL; what is a list or an object in them is JSON text. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { countOf, isEmptyPatch, paged } from "./page.ts";
import { RecordCodec } from "./record-codec.ts";
import { DEPLOYMENT_FLAGS, DEPLOYMENT_JSON, inTransaction, type SchemaDb } from "./schema.ts";

const codec = new RecordCodec<Deployment, (typeof DEPLOYMENT_JSON)[number], (typeof DEPLOYMENT_FLAGS)[number]>({
  json: DEPLOYMENT_JSON,
  flags: DEPLOYMENT_FLAGS,
});

export class SqlDeploymentStore implements DeploymentStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async get(id: string): Promise<Deployment> {
    const row = await this.#db.selectFrom("deployments").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? missing(id) : codec.decode(row);
  }

  async list(filter: Parameters<DeploymentStore["list"]>[0]): Promise<readonly Deployment[]> {
    if (filter.statuses?.length === 0) return [];
    const query = this.#matching(filter).selectAll().orderBy("createdAt", "desc").orderBy("id");
    return (await paged(query, filter).execute()).map((row) => codec.decode(row));
  }

  async count(filter: Parameters<DeploymentStore["count"]>[0]): Promise<number> {
    return filter.statuses?.length === 0 ? 0 : countOf(this.#matching(filter));
  }

  async create(deployment: Deployment): Promise<void> {
    await this.#db.insertInto("deployments").values(codec.encode(deployment)).execute();
  }

  async update(id: string, patch: Parameters<DeploymentStore["update"]>[1]): Promise<Deployment> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("deployments").set(codec.encode(patch)).where("id", "=", id).returningAll();
    const row = await update.executeTakeFirst();
    return row === undefined ? missing(id) : codec.decode(row);
  }

  /** A service never names an active deployment that is gone. */
  remove(id: string): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      const unset = { activeDeploymentId: null };
      await tx.updateTable("services").set(unset).where("activeDeploymentId", "=", id).execute();
      await tx.deleteFrom("deployments").where("id", "=", id).execute();
    });
  }

  #matching({ serviceId, statuses }: Parameters<DeploymentStore["count"]>[0]) {
    let query = this.#db.selectFrom("deployments");
    if (serviceId !== undefined) query = query.where("serviceId", "=", serviceId);
    if (statuses !== undefined) query = query.where("status", "in", statuses);
    return query;
  }
}

function missing(id: string): never {
  throw notFoundError("deployment", id);
}
