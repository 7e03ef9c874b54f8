/** What the API asks of the platform; carried out in src/reconciler/. */

import type { Deployment } from "./deployment.ts";
import type { InstanceLogLine } from "./driver.ts";
import type { InstanceRecord } from "./instance.ts";
import type { Project } from "./project.ts";
import type { RolloutSettings } from "./rollout.ts";
import type { Service } from "./service.ts";
import type { UploadFields } from "./upload.ts";

/** A function as `POST /api/functions` describes it; name and settings are checked already. */
export type FunctionManifest = {
  readonly name: string;
  /** Undefined: told from what is in the source. Null: the source's own Dockerfile. */
  readonly runtime: string | null | undefined;
  readonly settings: RolloutSettings;
  /** Build even if nothing changed, without the engine's cache. */
  readonly noCache: boolean;
  /** Build only; it is rolled out when its owner says so. */
  readonly isHeld: boolean;
};

export type DeployAnswer = {
  readonly service: Service;
  readonly deployment: Deployment;
  /** Nothing differs from what runs: no build, no new deployment. */
  readonly isUnchanged: boolean;
  /** What the source was taken for, in words, when its owner did not say. */
  readonly detected: string | null;
};

export interface FunctionUploads {
  /**
   * A lambdaathome upload: checked, taken in and answered at once; it builds beside.
   * @throws AppError `not_found` (runtime), `invalid`, `too_large`, `disk_full`, `conflict`
   */
  deployUpload(project: Project, fields: UploadFields, archivePath: string): Promise<DeployAnswer>;
  /** The same for `POST /api/functions`. @throws as above; `invalid` also when what the source is can't be told */
  deployFunction(project: Project, manifest: FunctionManifest, archivePath: string): Promise<DeployAnswer>;
  /** @throws AppError `conflict` when it is past being cancelled, `not_found` */
  cancel(deploymentId: string): Promise<Deployment>;
  /** Resolves with the deployment once it is healthy, failed, superseded or cancelled. @throws the signal's reason, AppError `not_found` */
  waitForOutcome(deploymentId: string, signal: AbortSignal): Promise<Deployment>;
}

export interface ServiceLifecycle {
  /** @throws AppError `conflict` when it is running already or was never built */
  start(service: Service): Promise<Service>;
  /** Keeps everything but the instances; what is coming up is cancelled. Idempotent. */
  stop(service: Service): Promise<Service>;
  /**
   * New instances of the active deployment take the place of the old ones; a stopped service runs again.
   * @throws AppError `conflict` when nothing ran yet, or a deployment is coming up
   */
  restart(service: Service): Promise<Deployment>;
  /**
   * Rolls a kept deployment out again; the present one serves until it is ready. When none is named: gives up what is
   * coming up, else goes to the one before, so that rollbacks one after the other go back step by step. Port and tag stay.
   * @throws AppError `not_found`, `invalid` (another service's), `conflict` (nothing to go back to)
   */
  rollback(service: Service, deploymentId: string | undefined): Promise<Deployment>;
  /** It answers no more once this resolves; with `volumes`, its data is gone too. */
  remove(service: Service, projectSlug: string, options: { readonly volumes: boolean }): Promise<void>;
}

export type ServiceLogLine = InstanceLogLine & { readonly record: InstanceRecord };

export interface ServiceLogs {
  /** Past lines by time over all instances (at most `tail`), then, when following, lines as they come until the signal aborts. */
  read(
    serviceId: string,
    what: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ServiceLogLine>;
}
