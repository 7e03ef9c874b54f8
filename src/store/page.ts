/** A slice of a query, in words every SQL dialect knows. */

import type { SelectQueryBuilder } from "kysely";
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
