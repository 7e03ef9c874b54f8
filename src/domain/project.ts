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
  list(page?: Page): Promise<readonly Project[]>;
  /** Gives the project the lowest free network index. @throws AppError `conflict` when the slug is taken. */
  create(project: Omit<Project, "networkIndex">): Promise<Project>;
  update(id: string, patch: Partial<Pick<Project, "name" | "updatedAt">>): Promise<Project>;
  /** Removes it with everything in it. Idempotent. */
  remove(id: string): Promise<void>;
}

/** A slice of an ordered list. */
export type Page = { readonly offset?: number; readonly limit?: number };
