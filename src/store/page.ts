/** A slice of a query, in words every SQL dialect knows. */

import { type SelectQueryBuilder, sql } from "kysely";
import type { Page } from "../domain/project.ts";

export function paged<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  page: Page,
): SelectQueryBuilder<DB, TB, O> {
  // SQLite knows OFFSET only after LIMIT.
  const limited =
    page.limit !== undefined || page.offset !== undefined ? query.limit(page.limit ?? Number.MAX_SAFE_INTEGER) : query;
  return page.offset === undefined ? limited : limited.offset(page.offset);
}

/** True when a patch changes nothing, for which SQL has no UPDATE. */
export function isEmptyPatch(patch: object): boolean {
  return Object.values(patch).every((value) => value === undefined);
}

/** How many rows a query without columns finds. */
export async function countOf<DB, TB extends keyof DB>(query: SelectQueryBuilder<DB, TB, unknown>): Promise<number> {
  // PostgreSQL answers a bigint, which is text here.
  const counted = query.clearSelect().select(sql`count(*)`.as("count")).$castTo<{ count: number | string }>();
  return Number((await counted.executeTakeFirstOrThrow()).count);
}
