/** Projects in SQL. What belongs to a project goes with it by foreign keys. */

import { lowestFree } from "../domain/host-number.ts";
import type { Page, Project, ProjectStore } from "../domain/project.ts";
import { notFoundError } from "../domain/store-errors.ts";
import { isEmptyPatch, paged } from "./page.ts";
import { inTransaction, type SchemaDb } from "./schema.ts";

export class SqlProjectStore implements ProjectStore {
  readonly #db: SchemaDb;

  constructor(db: SchemaDb) {
    this.#db = db;
  }

  async get(id: string): Promise<Project> {
    const row = await this.#db.selectFrom("projects").selectAll().where("id", "=", id).executeTakeFirst();
    return row ?? missing(id);
  }

  findBySlug(slug: string): Promise<Project | undefined> {
    return this.#db.selectFrom("projects").selectAll().where("slug", "=", slug).executeTakeFirst();
  }

  list(page: Page = {}): Promise<readonly Project[]> {
    return paged(
      this.#db.selectFrom("projects").selectAll().orderBy("createdAt", "desc").orderBy("id"),
      page,
    ).execute();
  }

  create(project: Omit<Project, "networkIndex">): Promise<Project> {
    return inTransaction(this.#db, async (tx) => {
      const rows = await tx.selectFrom("projects").select("networkIndex").execute();
      const networkIndex = lowestFree(new Set(rows.map((row) => row.networkIndex)));
      return await tx
        .insertInto("projects")
        .values({ ...project, networkIndex })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  }

  async update(id: string, patch: Partial<Pick<Project, "name" | "updatedAt">>): Promise<Project> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("projects").set(patch).where("id", "=", id).returningAll();
    return (await update.executeTakeFirst()) ?? missing(id);
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom("projects").where("id", "=", id).execute();
  }
}

function missing(id: string): never {
  throw notFoundError("project", id);
}
