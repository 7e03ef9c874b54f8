/** Shapes that several calls share: times, lists, slices. */

import { z } from "zod";

/** RFC 3339, UTC. */
export const time = z.iso.datetime();

/** An id of ours, or a name that stands for one. */
export const idText = z.string().max(300);

/** A whole number in a query, in digits; an empty one counts as absent. What is none is answered 400 (validation-error.ts). */
function integer(absent: number) {
  const digits = (value: unknown): unknown => {
    if (value === "") return undefined;
    return typeof value === "string" && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
  };
  return z.preprocess(digits, z.int().default(absent)).default(absent);
}

/** A slice of a list, newest first. */
export const sliceQuery = z.object({
  limit: integer(20).describe("1 to 100; what is beyond is brought into these bounds"),
  offset: integer(0).describe("How many to leave out; below 0 counts as 0"),
});

export const namedSliceQuery = sliceQuery.extend({
  name: z.string().max(300).optional().describe("A part of the name, whatever its case"),
});

/** A slice with what there is in all. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ data: z.array(item), total_count: z.int(), offset: z.int(), limit: z.int() });
}

/** A short list, whole. */
export function allOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ data: z.array(item) });
}

/** `1`, `true` and an empty value switch a flag on. */
export const flagText = z
  .string()
  .optional()
  .transform((value) => value === "" || value === "1" || value === "true")
  .describe("`1` switches it on");
