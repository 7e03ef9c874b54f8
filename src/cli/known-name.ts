/** A mistyped function name is answered with the nearest one there is. */

import { AppError, isAppError } from "../domain/errors.ts";
import { nearest } from "../lib/nearest.ts";
import type { ApiClient, FunctionRef } from "./api-client.ts";

/** Does `work`; when it fails because there is no such function, says which one may have been meant. */
export async function hintingAtNames<T>(client: ApiClient, ref: FunctionRef, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
    const names = (await client.listFunctions(ref.project)).map((view) => view.name);
    // The function is there: something else of it was not found, and the server said what.
    if (names.includes(ref.name)) throw error;
    throw unknownName(ref, names, error);
  }
}

/** Those of the names, in that order. @throws AppError `not_found` naming the nearest one there is */
export function onlyNamed<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  project: string | undefined,
): readonly T[] {
  return names.flatMap((name) => {
    const named = all.filter((view) => view.name === name);
    if (named.length > 0) return named;
    throw unknownName(
      { name, project },
      all.map((view) => view.name),
    );
  });
}

function unknownName(ref: FunctionRef, names: readonly string[], cause?: unknown): AppError {
  const near = nearest(ref.name, names);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return new AppError("not_found", `There is no function ${ref.name}${inProject(ref)}.${hint}`, {
    cause,
    remedy: "`slipway list` shows what there is.",
  });
}

function inProject({ project }: FunctionRef): string {
  return project === undefined ? "" : ` in project ${project}`;
}
