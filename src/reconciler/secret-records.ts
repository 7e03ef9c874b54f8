/** Which secrets a function is given, read from the store: no more of them than are needed, for values may be large. */

import type { SecretRecord, SecretStore } from "../domain/secret.ts";
import { namedSecrets, visibleSecrets } from "../domain/secret.ts";

type Finder = Pick<SecretStore, "find" | "list">;

/** All of its own, and the project-wide ones of these names that are set; by name. */
export async function readVisibleSecrets(
  secrets: Finder,
  projectId: string,
  functionName: string,
  projectWide: readonly string[],
): Promise<ReadonlyMap<string, SecretRecord>> {
  const own = await secrets.list({ projectId, functionName });
  return visibleSecrets([...(await readShared(secrets, projectId, projectWide)), ...own], functionName, projectWide);
}

/** Those of `names` that are set, the function's own before the project-wide one; by name. */
export async function readNamedSecrets(
  secrets: Finder,
  projectId: string,
  functionName: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, SecretRecord>> {
  const own = await Promise.all(names.map((name) => secrets.find({ projectId, functionName, name })));
  const found = [...(await readShared(secrets, projectId, names)), ...own.filter((record) => record !== undefined)];
  return namedSecrets(found, functionName, names);
}

async function readShared(secrets: Finder, projectId: string, names: readonly string[]) {
  const found = await Promise.all(names.map((name) => secrets.find({ projectId, functionName: null, name })));
  return found.filter((record) => record !== undefined);
}
