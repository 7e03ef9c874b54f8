/** What the routes below `/api/functions` work with. */

import type { BuildLogs } from "../domain/build.ts";
import type { ImageDriver } from "../domain/driver.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { FunctionUploads, ServiceLifecycle, ServiceLogs } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import type { UploadRules } from "../domain/upload.ts";
import type { UrlOf } from "./function-view.ts";

export type FunctionRoutesOptions = {
  readonly stores: Stores;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly logs: ServiceLogs;
  readonly buildLogs: BuildLogs;
  readonly images: Pick<ImageDriver, "listImages">;
  readonly rules: UploadRules;
  /** Folder for files of requests under way. */
  readonly uploadsDir: string;
  readonly urlOf: UrlOf;
  readonly containerName: (service: Service, projectSlug: string, record: InstanceRecord) => string;
};
