/** A project: a private network, env vars and a canvas around services. `default` exists from the first start. */

export const DEFAULT_PROJECT_SLUG = "default";

export type Project = {
  readonly id: string;
  /** What people call it; need not be unique. */
  readonly name: string;
  /** Unique, immutable DNS label of at most 47 characters. */
  readonly slug: string;
  /** Which /24 of the network pool is this project's: 0, 1, 2, … Unique. */
  readonly networkIndex: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export interface ProjectStore {
  /** @throws AppError `not_found` */
  get(id: string): Promise<Project>;
  findBySlug(slug: string): Promise<Project | undefined>;
  /** Newest first; equal times by id. */
  list(filter?: ProjectFilter & Page): Promise<readonly Project[]>;
  count(filter?: ProjectFilter): Promise<number>;
  /**
   * Gives the project the lowest free network index. One whose slug is that of a project that is leaving gets its id and
   * network index, because instances of that one may still be there: the stored project says which id it has.
   * @throws AppError `conflict` when the slug is taken.
   */
  create(project: Omit<Project, "networkIndex">): Promise<Project>;
  update(id: string, patch: Partial<Pick<Project, "name" | "updatedAt">>): Promise<Project>;
  /**
   * Removes it with everything in it but instance records and addresses: they are needed until the instances are gone.
   * Its slug and network index are kept as leaving until `forgetLeaving`. Idempotent.
   */
  remove(id: string): Promise<void>;
  /** Removed projects whose network may still be there, sorted by slug. */
  listLeaving(): Promise<readonly LeavingProject[]>;
  /** Its network is gone: index and addresses are free again. Idempotent; nothing happens when a project has the slug. */
  forgetLeaving(slug: string): Promise<void>;
}

/** `name` matches a part, whatever its case. */
export type ProjectFilter = { readonly name?: string };

/** What is left of a removed project. */
export type LeavingProject = Pick<Project, "id" | "slug" | "networkIndex">;

/** A slice of an ordered list. */
export type Page = { readonly offset?: number; readonly limit?: number };
