/** Tags of images that the local workshop built: a tag goes away alone, whatever containers run. */

import { isAppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";

/** Takes a tag away; the image goes with its last one, unless a container needs it. Idempotent. */
export async function untagImage(client: DockerClient, tag: string): Promise<void> {
  try {
    await client.call((engine) => engine.getImage(tag).remove());
  } catch (error) {
    // In conflict: the last tag of what a container still runs. It can go when that is gone.
    if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error;
  }
}
