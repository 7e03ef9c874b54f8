/** From a file somebody sent to a deployment: names and settings checked, archive imported, runtime found, deployed. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import { type Detection, detectRuntime, RECOGNISED_FILES } from "../domain/detect.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { DeployAnswer, FunctionManifest, FunctionUploads } from "../domain/operations.ts";
import type { Project } from "../domain/project.ts";
import { DEFAULT_SETTINGS } from "../domain/rollout.ts";
import type { RuntimeCatalog } from "../domain/runtime.ts";
import type { ArchiveLimits, Source, SourceFiles } from "../domain/source.ts";
import type { UploadFields } from "../domain/upload.ts";
import type { Deployer } from "./deployer.ts";
import { waitForOutcome } from "./outcome.ts";

export type IntakeOptions = {
  readonly sources: Pick<SourceFiles, "importArchive" | "listPaths" | "readFile">;
  readonly runtimes: Pick<RuntimeCatalog, "read">;
  readonly deployer: Pick<Deployer, "deploy" | "cancel">;
  readonly limits: ArchiveLimits;
  readonly deployments: Pick<DeploymentStore, "get">;
  readonly events: EventBus;
};

export class Intake implements FunctionUploads {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  async deployUpload(project: Project, fields: UploadFields, archivePath: string): Promise<DeployAnswer> {
    const runtime = await this.#options.runtimes.read(fields.runtime, { name: fields.name, options: {} });
    const source = await this.#options.sources.importArchive(archivePath, this.#options.limits);
    const settings = { ...DEFAULT_SETTINGS, volumes: fields.volumes };
    const answer = await this.#options.deployer.deploy({
      project,
      name: fields.name,
      runtime,
      source,
      settings,
      localPort: fields.port,
      tag: fields.tag,
      volumeText: fields.volume,
      noCache: false,
      isHeld: false,
    });
    return { ...answer, detected: null };
  }

  async deployFunction(project: Project, manifest: FunctionManifest, archivePath: string): Promise<DeployAnswer> {
    const { runtime: wanted, settings } = manifest;
    const context = { name: manifest.name, options: settings.options };
    const named = typeof wanted === "string" ? await this.#options.runtimes.read(wanted, context) : undefined;
    const source = await this.#options.sources.importArchive(archivePath, this.#options.limits);
    const detected = wanted === undefined ? await this.#detect(source) : undefined;
    const runtime = detected?.runtime ? await this.#options.runtimes.read(detected.runtime, context) : named;
    const answer = await this.#options.deployer.deploy({
      project,
      name: manifest.name,
      runtime,
      source,
      settings: manifest.settings,
      localPort: null,
      tag: null,
      volumeText: "",
      noCache: manifest.noCache,
      isHeld: manifest.isHeld,
    });
    return { ...answer, detected: detected?.reason ?? null };
  }

  cancel(deploymentId: string): Promise<Deployment> {
    return this.#options.deployer.cancel(deploymentId);
  }

  waitForOutcome(deploymentId: string, signal: AbortSignal): Promise<Deployment> {
    return waitForOutcome(this.#options.deployments, this.#options.events, deploymentId, signal);
  }

  async #detect(source: Source): Promise<Detection> {
    const { sources } = this.#options;
    const paths = await sources.listPaths(source.id);
    const packageJson = paths.includes("package.json") ? await sources.readFile(source.id, "package.json") : undefined;
    const detected = detectRuntime(
      paths,
      packageJson === undefined ? undefined : new TextDecoder().decode(packageJson),
    );
    if (detected !== undefined) return detected;
    throw new AppError("invalid", `What this source is can't be told: at its top it has none of ${RECOGNISED_FILES}.`, {
      remedy: "Name a runtime (--runtime), or add one of these files.",
    });
  }
}
