/** Schemas that several routes share: parameters, lists, errors. */

import { z } from "zod";
import { flagText, sliceQuery } from "../api/wire.ts";
import { ERROR_CODES } from "../domain/errors.ts";

export const nameParams = z.object({ name: z.string().max(300) });

export const deploymentParams = nameParams.extend({ id: z.string().max(64) });

export const projectQuery = z.object({
  project: z.string().max(47).optional().describe("Id or slug of the project; `default` when absent"),
});

export const pageQuery = projectQuery.extend(sliceQuery.shape);

export const flag = flagText;

export const errorSchema = z
  .strictObject({
    error: z.enum(ERROR_CODES).describe("Its page: docs/errors/<code>.md"),
    message: z.string(),
    requestId: z.string(),
    errors: z.record(z.string(), z.array(z.string())).optional().describe("By field"),
    remedy: z.string().optional().describe("What to do about it"),
    log_tail: z.string().optional().describe("Last lines of the log that explains it"),
  })
  .meta({ id: "Error" });

export const messageSchema = z.strictObject({ message: z.string() }).meta({ id: "Message" });

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
  return { data: [...data], total_count: totalCount, offset: page.offset, limit: page.limit };
}

/** `envelope` as a schema. */
export function envelopeOf(item: z.ZodType) {
  return z.strictObject({ data: z.array(item), total_count: z.int(), offset: z.int(), limit: z.int() });
}
