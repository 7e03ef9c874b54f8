/**
 * After volumes were restored, instances still have the folders from before: what a container has mounted does not
 * change when its place gets another folder. So everything with a writable volume gets new instances, once.
 */

import { clearVolumesMark, hasVolumesMark } from "../backup/pending-restore.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { ServiceLifecycle } from "../domain/operations.ts";
import type { Stores } from "../domain/stores.ts";

export type RestoreVolumesOptions = {
  readonly dataDir: string;
  readonly stores: Pick<Stores, "services" | "deployments">;
  readonly lifecycle: Pick<ServiceLifecycle, "restart">;
  readonly logger: Logger;
};

export async function restartAfterRestore({
  dataDir,
  stores,
  lifecycle,
  logger,
}: RestoreVolumesOptions): Promise<void> {
  if (!(await hasVolumesMark(dataDir))) return;
  for (const service of await stores.services.list()) {
    if (service.activeDeploymentId === null || service.status === "stopped") continue;
    const { volumes } = await stores.deployments.get(service.activeDeploymentId);
    if (volumes.length === 0) continue;
    try {
      await lifecycle.restart(service);
    } catch (error) {
      // A deployment that is coming up brings instances of its own.
      if (!isAppError(error, "conflict")) throw error;
      logger.info({ service: service.name }, "gets its restored volumes with the deployment that is coming up");
    }
  }
  await clearVolumesMark(dataDir);
}
