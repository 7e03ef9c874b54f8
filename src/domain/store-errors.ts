/** The errors every store answers with, in one place so that all implementations say the same words. */

import { AppError } from "./errors.ts";

/** Nothing is kept under that key. `noun`: service, deployment, … */
export function notFoundError(noun: string, key: string): AppError {
  return new AppError("not_found", `There is no ${noun} ${key}.`);
}

/** Another record has these values already. `fields`: names as in the domain types, e.g. `localPort`. */
export function takenError(noun: string, fields: readonly string[], cause?: unknown): AppError {
  const words = fields.map(wordsOf).join(" and ");
  const message = `Another ${noun} already has this ${words}.`;
  return new AppError("conflict", message, {
    cause,
    fields: Object.fromEntries(fields.map((field) => [field, [message]])),
  });
}

/** What a record would belong to, such as its project, service, user or node, is not there (any more). */
export function ownerMissingError(cause?: unknown): AppError {
  return new AppError(
    "not_found",
    "What this would belong to does not exist (any more): its project, service, user or canvas node.",
    { cause },
  );
}

/** `localPort` → `local port`. */
function wordsOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
