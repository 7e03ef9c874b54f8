/** What the routes below `/api/functions` work with. */

import type { AdoptedFunctions } from "../domain/adoption.ts";
import type { BuildLogs } from "../domain/build.ts";
import type { ImageDriver, InstanceDriver } from "../domain/driver.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { ManifestReader } from "../domain/manifest.ts";
import type { FunctionUploads, ServiceLifecycle, ServiceLogs } from "../domain/operations.ts";
import type { RuntimeCatalog } from "../domain/runtime.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import type { UploadRules } from "../domain/upload.ts";
import type { RouteUrlsOf } from "./adopted-functions.ts";
import type { UrlOf } from "./function-view.ts";

export type FunctionRoutesOptions = {
  readonly stores: Stores;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly logs: ServiceLogs;
  readonly buildLogs: BuildLogs;
  readonly images: Pick<ImageDriver, "listImages"> & Pick<InstanceDriver, "list">;
  readonly rules: UploadRules;
  readonly manifests: ManifestReader;
  readonly runtimes: Pick<RuntimeCatalog, "get" | "list">;
  /** Longest source, in bytes. */
  readonly uploadLimitBytes: number;
  /** Folder for files of requests under way. */
  readonly uploadsDir: string;
  readonly urlOf: UrlOf;
  readonly routeUrlsOf: RouteUrlsOf;
  /** Undefined: none are adopted. */
  readonly adopted: AdoptedFunctions | undefined;
  readonly containerName: (service: Service, projectSlug: string, record: InstanceRecord) => string;
};
