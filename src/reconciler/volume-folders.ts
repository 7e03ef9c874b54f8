/** Makes the host folders behind a deployment's volumes, owned by the user the image runs as. */

import { chown, mkdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { VolumeMount } from "../domain/deployment.ts";

export type FolderOwner = { readonly uid: number; readonly gid: number };

/** The mounts with absolute sources below `<root>/<project slug>/<service name>`; absolute ones stay as they are. */
export function resolveMounts(
  root: string,
  projectSlug: string,
  serviceName: string,
  volumes: readonly VolumeMount[],
): readonly VolumeMount[] {
  return volumes.map((v) =>
    isAbsolute(v.source) ? v : { ...v, source: join(root, projectSlug, serviceName, v.source) },
  );
}

/** Idempotent. Folders that are there keep their owner: what is in them may belong to somebody on purpose. */
export async function ensureFolders(mounts: readonly VolumeMount[], owner: FolderOwner): Promise<void> {
  for (const { source } of mounts) {
    const made = await mkdir(source, { recursive: true });
    if (made !== undefined) await chown(source, owner.uid, owner.gid);
  }
}
