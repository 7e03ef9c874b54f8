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
    const near = nearest(ref.name, names);
    const hint = near === undefined ? "" : ` Did you mean ${near}?`;
    throw new AppError("not_found", `There is no function ${ref.name}${inProject(ref)}.${hint}`, {
      cause: error,
      remedy: "`slipway list` shows what there is.",
    });
  }
}

function inProject({ project }: FunctionRef): string {
  return project === undefined ? "" : ` in project ${project}`;
}
