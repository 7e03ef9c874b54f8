/** Schemas that several routes share. */

import { z } from "zod";
import { ERROR_CODES } from "../domain/errors.ts";

export const nameParams = z.object({ name: z.string().min(1).max(300) });

export const deploymentParams = nameParams.extend({ id: z.string().max(64) });

export const projectQuery = z.object({ project: z.string().max(47).optional() });

export const pageQuery = projectQuery.extend({
  limit: z.coerce.number().int().default(20),
  offset: z.coerce.number().int().default(0),
});

/** `1`, `true` and an empty value switch a flag on. */
export const flag = z
  .string()
  .optional()
  .transform((value) => value === "" || value === "1" || value === "true");

export const errorSchema = z.object({
  error: z.enum(ERROR_CODES),
  message: z.string(),
  requestId: z.string(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
  remedy: z.string().optional(),
  log_tail: z.string().optional(),
});

/** A list's limits: 1 to 100, 20 when nothing is said; a negative offset counts as 0. */
export function pageOf(query: { readonly limit: number; readonly offset: number }): {
  readonly limit: number;
  readonly offset: number;
} {
  return { limit: Math.min(100, Math.max(1, query.limit)), offset: Math.max(0, query.offset) };
}

/** The list envelope (DeployKit). */
export function envelope<T>(
  data: readonly T[],
  totalCount: number,
  page: { readonly limit: number; readonly offset: number },
) {
  return { data, total_count: totalCount, offset: page.offset, limit: page.limit };
}
