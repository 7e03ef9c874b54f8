/** Names of functions as people type them: a bad one is refused with the nearest that is good. */

import { isAppError } from "../domain/errors.ts";
import { requireServiceName, suggestName } from "../domain/names.ts";
import { UsageError } from "./exit-codes.ts";

/** @throws UsageError with what `remedyOf` makes of the nearest good name */
export function requireName(name: string, remedyOf: (near: string) => string): void {
  try {
    requireServiceName(name);
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new UsageError(error.message, { cause: error, remedy: remedyOf(usableName(name)) });
  }
}

/** The nearest name that can be a function's. */
export function usableName(name: string): string {
  const suggestion = suggestName(name);
  if (suggestion === "") return "hello";
  try {
    requireServiceName(suggestion);
    return suggestion;
  } catch {
    return `my-${suggestion}`;
  }
}
