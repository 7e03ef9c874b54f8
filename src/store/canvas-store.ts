/**
 * Canvases in SQL. By foreign keys a node goes with its service, its edges go with it, and what was in a group that goes
 * is in none.
 */

import type { CanvasEdge, CanvasNode, CanvasStore } from "../domain/canvas.ts";
import { SqlEnvVarStore } from "./env-var-store.ts";
import { inTransaction, type SchemaDb } from "./schema.ts";

export class SqlCanvasStore implements CanvasStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  /** Groups are in none: what has no parent comes first. */
  listNodes(projectId: string): Promise<readonly CanvasNode[]> {
    return this.#db
      .selectFrom("canvasNodes")
      .selectAll()
      .where("projectId", "=", projectId)
      .orderBy((eb) => eb.case().when("parentId", "is", null).then(0).else(1).end())
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
  }

  listEdges(projectId: string): Promise<readonly CanvasEdge[]> {
    return this.#db.selectFrom("canvasEdges").selectAll().where("projectId", "=", projectId).orderBy("id").execute();
  }

  findNode(id: string): Promise<CanvasNode | undefined> {
    return this.#db.selectFrom("canvasNodes").selectAll().where("id", "=", id).executeTakeFirst();
  }

  findNodeOfService(serviceId: string): Promise<CanvasNode | undefined> {
    return this.#db.selectFrom("canvasNodes").selectAll().where("serviceId", "=", serviceId).executeTakeFirst();
  }

  findEdge(id: string): Promise<CanvasEdge | undefined> {
    return this.#db.selectFrom("canvasEdges").selectAll().where("id", "=", id).executeTakeFirst();
  }

  async putNode(node: CanvasNode): Promise<void> {
    const insert = this.#db.insertInto("canvasNodes").values(node);
    await insert.onConflict((conflict) => conflict.column("id").doUpdateSet(node)).execute();
  }

  removeNode(id: string): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      await new SqlEnvVarStore(tx).removeScope("group", id);
      await tx.deleteFrom("canvasNodes").where("id", "=", id).execute();
    });
  }

  async putEdge(edge: CanvasEdge): Promise<void> {
    const insert = this.#db.insertInto("canvasEdges").values(edge);
    await insert.onConflict((conflict) => conflict.column("id").doUpdateSet(edge)).execute();
  }

  async removeEdge(id: string): Promise<void> {
    await this.#db.deleteFrom("canvasEdges").where("id", "=", id).execute();
  }
}
