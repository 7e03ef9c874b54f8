/** From a file somebody sent to a deployment: manifest read and checked, archive imported, runtime found, deployed. */

import type { Deployment, DeploymentStore } from "../domain/deployment.ts";
import { type Detection, detectRuntime, RECOGNISED_FILES } from "../domain/detect.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import {
  type Manifest,
  type ManifestReader,
  type ManifestRules,
  mergeManifests,
  settingsOf,
} from "../domain/manifest.ts";
import { effectlessFields } from "../domain/manifest-warnings.ts";
import type { DeployAnswer, FunctionUpload, FunctionUploads } from "../domain/operations.ts";
import type { Project } from "../domain/project.ts";
import type { RuntimeCatalog, RuntimeFiles } from "../domain/runtime.ts";
import type { ArchiveLimits, Source, SourceFiles } from "../domain/source.ts";
import type { UploadFields } from "../domain/upload.ts";
import type { Deployer } from "./deployer.ts";
import { waitForOutcome } from "./outcome.ts";
import { readSourceManifest } from "./source-manifest.ts";

export type IntakeOptions = {
  readonly sources: Pick<SourceFiles, "importArchive" | "listPaths" | "readFile">;
  readonly runtimes: Pick<RuntimeCatalog, "get" | "read">;
  readonly deployer: Pick<Deployer, "deploy" | "cancel">;
  readonly limits: ArchiveLimits;
  readonly manifests: Pick<ManifestReader, "read">;
  readonly rules: ManifestRules;
  readonly deployments: Pick<DeploymentStore, "get">;
  readonly events: EventBus;
};

type NamedManifest = Manifest & { readonly name: string };

export class Intake implements FunctionUploads {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  async deployUpload(project: Project, fields: UploadFields, archivePath: string): Promise<DeployAnswer> {
    const { name, runtime, volume, volumes, port, tag } = fields;
    await this.#options.runtimes.get(runtime);
    const source = await this.#import(archivePath);
    const { manifest, warnings } = await readSourceManifest(source, this.#options);
    const { volumes: written, ...others } = manifest;
    const merged = { ...others, name, runtime, ...(volume === "" && { volumes: written }) };
    const settings = settingsOf(merged, this.#options.rules);
    const answer = await this.#options.deployer.deploy({
      project,
      name,
      runtime: await this.#options.runtimes.read(runtime, { name, options: settings.options }),
      source,
      settings: volume === "" ? settings : { ...settings, volumes },
      localPort: port,
      tag,
      volumeText: volume,
      noCache: false,
      isHeld: false,
    });
    return { ...answer, detected: null, warnings: [...warnings, ...effectlessFields(merged)] };
  }

  async deployFunction(project: Project, upload: FunctionUpload, archivePath: string): Promise<DeployAnswer> {
    const { manifest: given, noCache, isHeld } = upload;
    await this.#requireSound(given);
    const source = await this.#import(archivePath);
    const found = await readSourceManifest(source, this.#options);
    const merged = named(mergeManifests(found.manifest, given));
    const settings = settingsOf(merged, this.#options.rules);
    const { runtime, detected } = await this.#runtimeOf(merged, source);
    const answer = await this.#options.deployer.deploy({
      project,
      name: merged.name,
      runtime,
      source,
      settings,
      localPort: null,
      tag: null,
      volumeText: "",
      noCache,
      isHeld,
    });
    return { ...answer, detected, warnings: [...found.warnings, ...effectlessFields(merged)] };
  }

  cancel(deploymentId: string): Promise<Deployment> {
    return this.#options.deployer.cancel(deploymentId);
  }

  waitForOutcome(deploymentId: string, signal: AbortSignal): Promise<Deployment> {
    return waitForOutcome(this.#options.deployments, this.#options.events, deploymentId, signal);
  }

  #import(archivePath: string): Promise<Source> {
    return this.#options.sources.importArchive(archivePath, this.#options.limits);
  }

  /** What is wrong whatever the source holds is said before that is read. */
  async #requireSound(given: Manifest): Promise<void> {
    if (given.name !== undefined) settingsOf(named(given), this.#options.rules);
    if (typeof given.runtime === "string") await this.#options.runtimes.get(given.runtime);
  }

  async #runtimeOf(
    manifest: NamedManifest,
    source: Source,
  ): Promise<{ readonly runtime: RuntimeFiles | undefined; readonly detected: string | null }> {
    const { runtimes } = this.#options;
    const context = { name: manifest.name, options: manifest.options ?? {} };
    if (manifest.runtime === null) return { runtime: await this.#ownDockerfile(source), detected: null };
    if (manifest.runtime !== undefined)
      return { runtime: await runtimes.read(manifest.runtime, context), detected: null };
    const { runtime, reason } = await this.#detect(source);
    return { runtime: runtime === null ? undefined : await runtimes.read(runtime, context), detected: reason };
  }

  /** @throws AppError `invalid` when there is none */
  async #ownDockerfile(source: Source): Promise<undefined> {
    if ((await this.#options.sources.listPaths(source.id)).includes("Dockerfile")) return undefined;
    throw invalidField(
      "runtime",
      "none is to be used, and the source has no Dockerfile at its top",
      "Name a runtime (--runtime), or add a Dockerfile.",
    );
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

/** @throws AppError `invalid` */
function named(manifest: Manifest): NamedManifest {
  const { name } = manifest;
  if (name !== undefined) return { ...manifest, name };
  throw invalidField(
    "name",
    "is missing: neither the manifest part nor a slipway.yml in the source gives one",
    'Send a part "manifest" such as {"name":"hello"}, or write `name: hello` into slipway.yml.',
  );
}
