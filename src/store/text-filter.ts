/** Looking for a part of a text in SQL, in words every dialect knows. */

import { type Expression, type SqlBool, sql } from "kysely";

/** True where the column has `part` in it, whatever the case of both. `%` and `_` in it are themselves. */
export function containsText(column: string, part: string): Expression<SqlBool> {
  const pattern = `%${part.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`;
}
