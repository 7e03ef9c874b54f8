/** What the API asks of the platform; carried out in src/reconciler/. */

import type { Deployment } from "./deployment.ts";
import type { InstanceLogLine } from "./driver.ts";
import type { InstanceRecord } from "./instance.ts";
import type { Manifest } from "./manifest.ts";
import type { Project } from "./project.ts";
import type { Service } from "./service.ts";
import type { UploadFields } from "./upload.ts";

/** A function as `POST /api/functions` describes it. */
export type FunctionUpload = {
  /** Laid over the slipway.yml or funko.yml in the source; shapes and ranges are checked already. */
  readonly manifest: Manifest;
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
  /** What of its manifest is not known, not allowed or without effect, for people. */
  readonly warnings: readonly string[];
};

export interface FunctionUploads {
  /**
   * A lambdaathome upload: checked, taken in and answered at once; it builds beside. A manifest in the source gives all
   * that the form does not say; its `port` is what the app listens on.
   * @throws AppError `not_found` (runtime), `invalid`, `too_large`, `disk_full`, `conflict`
   */
  deployUpload(project: Project, fields: UploadFields, archivePath: string): Promise<DeployAnswer>;
  /**
   * The same for `POST /api/functions`. @throws as above; `invalid` also for what is wrong in the manifest, without a name,
   * and when what the source is can't be told; `forbidden` for what only an operator can allow
   */
  deployFunction(project: Project, upload: FunctionUpload, archivePath: string): Promise<DeployAnswer>;
  /** @throws AppError `conflict` when it is past being cancelled, `not_found` */
  cancel(deploymentId: string): Promise<Deployment>;
  /** Resolves with the deployment once it is built (and waits), healthy, failed, superseded or cancelled. @throws the signal's reason, AppError `not_found` */
  waitForOutcome(deploymentId: string, signal: AbortSignal): Promise<Deployment>;
}

/** What a call for something that may be so already led to. */
export type RolloutAnswer = {
  readonly deployment: Deployment;
  /** Nothing had to be done. */
  readonly isUnchanged: boolean;
};

export interface ServiceLifecycle {
  /** At the scale it had; what was built only is rolled out when nothing ran yet. @throws AppError `conflict` when it is running already or was never built */
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
  /**
   * Rolls out what was built only; without that, new instances take the place of those that are out of date. A stopped
   * service runs once the built one is ready.
   * @throws AppError `conflict` when nothing was built yet
   */
  deploy(service: Service): Promise<RolloutAnswer>;
  /**
   * `replicas` instances (0 to 50) from now on, over restarts, deploys and rollbacks. 0 stops it and keeps the scale;
   * another number starts a stopped one. Answers whether it was so already.
   * @throws AppError `invalid` for more than one over a writable volume, `conflict` when nothing was built yet
   */
  scale(service: Service, replicas: number): Promise<{ readonly isUnchanged: boolean }>;
  /**
   * Resolves once as many instances are ready as are wanted, and no others are.
   * @throws the signal's reason, AppError `not_found`, `deploy_failed` (they can't come up; why), `timeout`
   */
  waitForScale(serviceId: string, signal: AbortSignal): Promise<void>;
  /** It answers no more once this resolves; with `volumes`, its data is gone too, with `secrets`, those that are its alone. */
  remove(
    service: Service,
    projectSlug: string,
    options: { readonly volumes: boolean; readonly secrets?: boolean },
  ): Promise<void>;
}

export type ServiceLogLine = InstanceLogLine & { readonly kind: "line"; readonly record: InstanceRecord };
/** A line, or that an instance's log has ended while it was followed: it has exited. */
export type ServiceLogItem = ServiceLogLine | { readonly kind: "exited"; readonly record: InstanceRecord };

export interface ServiceLogs {
  /** Past lines by time over all instances (at most `tail`), then, when following, lines as they come until the signal aborts. */
  read(
    serviceId: string,
    what: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ServiceLogItem>;
}
