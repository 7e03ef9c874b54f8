/** What the routes below `/api/projects` work with. */

import type { BuildLogs } from "../domain/build.ts";
import type { FunctionUploads, ServiceLifecycle } from "../domain/operations.ts";
import type { PresetCatalog } from "../domain/preset.ts";
import type { ProjectAdmin, ServiceEdits, StagedChanges } from "../domain/project-operations.ts";
import type { Stores } from "../domain/stores.ts";
import type { RouteUrlsOf } from "./adopted-functions.ts";
import type { UrlOf } from "./function-view.ts";

export type ProjectRoutesOptions = {
  readonly stores: Stores;
  readonly projects: ProjectAdmin;
  readonly staged: StagedChanges;
  readonly edits: ServiceEdits;
  readonly lifecycle: ServiceLifecycle;
  readonly uploads: Pick<FunctionUploads, "cancel">;
  readonly presets: PresetCatalog;
  readonly buildLogs: BuildLogs;
  /** Hosts that are the platform's own. */
  readonly ownHosts: readonly string[];
  readonly urlOf: UrlOf;
  readonly routeUrlsOf: RouteUrlsOf;
};
