/** Everything that changes projects, put together. */

import type { ChangeRules } from "../../domain/change-rules.ts";
import type { Clock } from "../../domain/clock.ts";
import type { ImageDriver, NetworkDriver } from "../../domain/driver.ts";
import type { EventBus } from "../../domain/events.ts";
import { FIRST_HOST_NUMBER } from "../../domain/instance.ts";
import type { Logger } from "../../domain/logger.ts";
import type { PresetUrls } from "../../domain/resolve-env.ts";
import type { Database } from "../../domain/stores.ts";
import type { BuildRunner } from "../build-runner.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { SecretDelivery } from "../secret-files.ts";
import type { SecretVault } from "../secret-vault.ts";
import { AfterWrite } from "./after-write.ts";
import { StoredCanvasBoard } from "./canvas-board.ts";
import { ProjectKeeper } from "./project-admin.ts";
import { ProjectWriter } from "./project-writer.ts";
import { ServiceEditor } from "./service-edits.ts";
import { StagedLog } from "./staged-log.ts";

export type ProjectPartsOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly builds: Pick<BuildRunner, "resume" | "cancelled">;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly secrets: Pick<SecretVault, "moveOwn">;
  readonly secretFiles: Pick<SecretDelivery, "changed">;
  readonly lifecycle: Pick<Lifecycle, "wasRemoved">;
  readonly presets: PresetUrls;
  readonly rules: ChangeRules;
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain: string | null;
  readonly publishRoutes: () => Promise<void>;
  readonly trigger: (serviceId: string) => void;
  readonly networks: Pick<NetworkDriver, "addressOf">;
  /** Networks of projects may be missing or left over. */
  readonly sweep: () => void;
};

export type ProjectParts = ReturnType<typeof createProjectParts>;

export function createProjectParts(options: ProjectPartsOptions) {
  const { database, lifecycle } = options;
  const writer = new ProjectWriter(options);
  const after = new AfterWrite({
    ...options,
    onRemoved: async (service, project) => lifecycle.wasRemoved(service, project.slug, { volumes: false }),
  });
  const shared = { ...options, database, writer, after };
  const staged = new StagedLog(shared);
  return {
    writer,
    after,
    staged,
    board: new StoredCanvasBoard({ ...options, staged }),
    serviceEdits: new ServiceEditor(shared),
    projectAdmin: new ProjectKeeper({
      ...options,
      requireNetwork: (index) => void options.networks.addressOf(index, FIRST_HOST_NUMBER),
      onRemoved: (service, project, what) => lifecycle.wasRemoved(service, project.slug, what),
    }),
  };
}
