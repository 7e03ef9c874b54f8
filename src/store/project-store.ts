/**
 * Projects in SQL. What belongs to a project goes with it by foreign keys, but for instance records and addresses: those
 * outlive it, as its slug and network index do in `leaving_projects`.
 */

import { lowestFree } from "../domain/host-number.ts";
import type { LeavingProject, Project, ProjectFilter, ProjectStore } from "../domain/project.ts";
import { notFoundError, ownerMissingError, takenError } from "../domain/store-errors.ts";
import { countOf, isEmptyPatch, paged } from "./page.ts";
import { inTransaction, type SchemaDb } from "./schema.ts";
import { containsText } from "./text-filter.ts";

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

  list(filter: Parameters<ProjectStore["list"]>[0] = {}): Promise<readonly Project[]> {
    return paged(this.#matching(filter).selectAll().orderBy("createdAt", "desc").orderBy("id"), filter).execute();
  }

  count(filter: ProjectFilter = {}): Promise<number> {
    return countOf(this.#matching(filter));
  }

  create(project: Omit<Project, "networkIndex">): Promise<Project> {
    return inTransaction(this.#db, async (tx) => {
      const leaving = await tx.selectFrom("leavingProjects").selectAll().execute();
      const returning = leaving.find(({ slug }) => slug === project.slug);
      if (returning !== undefined) await tx.deleteFrom("leavingProjects").where("slug", "=", project.slug).execute();
      else if (leaving.some(({ id }) => id === project.id)) throw takenError("project", ["id"]);
      const networkIndex = returning?.networkIndex ?? (await lowestFreeIndex(tx, leaving));
      return await tx
        .insertInto("projects")
        .values({ ...project, id: returning?.id ?? project.id, networkIndex })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  }

  async update(id: string, patch: Partial<Pick<Project, "name" | "updatedAt">>): Promise<Project> {
    if (isEmptyPatch(patch)) return this.get(id);
    const update = this.#db.updateTable("projects").set(patch).where("id", "=", id).returningAll();
    return (await update.executeTakeFirst()) ?? missing(id);
  }

  remove(id: string): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      const removal = tx.deleteFrom("projects").where("id", "=", id).returning(["id", "slug", "networkIndex"]);
      const leaving = await removal.executeTakeFirst();
      if (leaving !== undefined) await tx.insertInto("leavingProjects").values(leaving).execute();
    });
  }

  listLeaving(): Promise<readonly LeavingProject[]> {
    return this.#db.selectFrom("leavingProjects").selectAll().orderBy("slug").execute();
  }

  forgetLeaving(slug: string): Promise<void> {
    return inTransaction(this.#db, async (tx) => {
      const forgotten = await tx
        .deleteFrom("leavingProjects")
        .where("slug", "=", slug)
        .returning("id")
        .executeTakeFirst();
      if (forgotten !== undefined) await tx.deleteFrom("addresses").where("projectId", "=", forgotten.id).execute();
    });
  }

  #matching({ name }: ProjectFilter) {
    const query = this.#db.selectFrom("projects");
    return name === undefined ? query : query.where(containsText("name", name));
  }
}

/** For records that belong to a project without a foreign key. @throws AppError `not_found` */
export async function requireProject(tx: SchemaDb, id: string): Promise<void> {
  const row = await tx.selectFrom("projects").select("id").where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw ownerMissingError();
}

async function lowestFreeIndex(tx: SchemaDb, leaving: readonly LeavingProject[]): Promise<number> {
  const rows = await tx.selectFrom("projects").select("networkIndex").execute();
  return lowestFree(new Set([...rows, ...leaving].map((row) => row.networkIndex)));
}

function missing(id: string): never {
  throw notFoundError("project", id);
}
