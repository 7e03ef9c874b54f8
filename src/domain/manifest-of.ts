/** A function's deployment as a manifest, and what another manifest would change of it. Pure. */

import { DEFAULT_START_MS, DEFAULT_TIMEOUT_MS, type Deployment, type HealthCheck } from "./deployment.ts";
import type { Manifest } from "./manifest.ts";
import type { SettingsPatch } from "./pending-change.ts";
import { isEqual } from "./project-diff.ts";
import type { RolloutSettings } from "./rollout.ts";

const MIB = 1_048_576;

/** What a function's deployment is made from, as far as a manifest can say it. */
export type FunctionModel = Pick<
  Deployment,
  | "sourceId"
  | "runtime"
  | "options"
  | "listenPorts"
  | "givenEnv"
  | "replicas"
  | "declaredReplicas"
  | "resources"
  | "command"
  | "health"
  | "startMs"
  | "timeoutMs"
  | "volumes"
  | "buildInputs"
  | "secrets"
  | "networks"
  | "capabilities"
  | "isolation"
  | "routes"
  | "test"
  | "declared"
>;

/** Deployed with it, the same source runs as it does in `model`. What is as it would be anyway is left out. */
export function manifestOf(model: FunctionModel): Manifest {
  const { runtime, options, listenPorts, givenEnv, command, volumes, timeoutMs, buildInputs, isolation } = model;
  const scale = scaleOf(model);
  const health = healthOf(model);
  const resources = resourcesOf(model);
  const build = {
    ...(isFilled(buildInputs.args) && { args: buildInputs.args }),
    ...(buildInputs.secrets.length > 0 && { secrets: buildInputs.secrets }),
  };
  return {
    runtime,
    ...(isFilled(options) && { options }),
    // Several are guesses, which a build makes again.
    ...(listenPorts.length === 1 && { port: listenPorts[0] }),
    ...(isFilled(givenEnv) && { env: givenEnv }),
    ...lists(model),
    ...model.declared,
    ...(health !== undefined && { health }),
    ...(isFilled(scale) && { scale }),
    ...(isFilled(resources) && { resources }),
    ...(timeoutMs !== DEFAULT_TIMEOUT_MS && { timeoutMs }),
    ...(volumes.length > 0 && { volumes: volumes.map(volumeText) }),
    ...(command.length > 0 && { command }),
    ...(isolation !== "runc" && { isolation }),
    ...(model.test !== null && { test: testOf(model.test) }),
    ...(isFilled(build) && { build }),
  };
}

/** Fields of a deployment that only a new build or rollout of the source brings about. */
const UPLOADED = [
  "options",
  "buildInputs",
  "secrets",
  "networks",
  "capabilities",
  "isolation",
  "routes",
  "test",
  "declared",
  "timeoutMs",
] as const;

/** What they are called in a manifest. */
const WORDS: Readonly<Partial<Record<(typeof UPLOADED)[number], string>>> = {
  buildInputs: "build",
  declared: "schema",
};

/**
 * What is different so that the source has to be deployed again, by its names in the manifest.
 * @param wanted.runtime undefined: told from the files, as it was
 */
export function uploadedDifferences(
  model: FunctionModel,
  wanted: {
    readonly sourceId: string;
    readonly runtime: string | null | undefined;
    readonly settings: RolloutSettings;
  },
): readonly string[] {
  const { sourceId, runtime, settings } = wanted;
  const differing: string[] = UPLOADED.filter((field) => !isEqual(model[field], settings[field])).map(
    (field) => WORDS[field] ?? field,
  );
  if (!isEqual(model.givenEnv, settings.env)) differing.unshift("env");
  if (settings.port !== null && !isEqual(model.listenPorts, [settings.port])) differing.unshift("port");
  if (runtime !== undefined && runtime !== model.runtime) differing.unshift("runtime");
  if (sourceId !== model.sourceId) differing.unshift("source");
  return differing;
}

/** What can be changed of the deployment without its source. Where a runtime or a scale decides, the present stays. */
export function patchOf(model: FunctionModel, settings: RolloutSettings): SettingsPatch {
  const { command, startMs, volumes, replicas, resources } = settings;
  const memoryBytes = resources.memoryBytes === undefined ? model.resources.memoryBytes : resources.memoryBytes;
  return {
    command,
    startMs,
    volumes,
    replicas: replicas ?? model.replicas,
    resources: { cpuMillicores: resources.cpuMillicores, memoryBytes },
    health: settings.health ?? runtimesHealth(model.health),
  };
}

/** One that is the runtime's takes a 404 for an answer. */
function runtimesHealth(health: HealthCheck | null): HealthCheck | null {
  return health?.allowsNotFound === true ? health : null;
}

function scaleOf({ replicas, declaredReplicas, declared }: FunctionModel): NonNullable<Manifest["scale"]> {
  const isSaid = declaredReplicas !== null || replicas !== 1;
  return { ...(isSaid && { min: replicas }), ...declared.scale };
}

function healthOf({ health, startMs }: FunctionModel): Manifest["health"] {
  if (health === null || health.allowsNotFound) return undefined;
  const { path, intervalMs, timeoutMs } = health;
  return { path, intervalMs, timeoutMs, ...(startMs !== DEFAULT_START_MS && { startMs }) };
}

function resourcesOf({ resources: { cpuMillicores, memoryBytes } }: FunctionModel): NonNullable<Manifest["resources"]> {
  return {
    ...(cpuMillicores !== null && { cpu: cpuMillicores / 1000 }),
    ...(memoryBytes !== null && { memoryMb: Math.round(memoryBytes / MIB) }),
  };
}

function lists({ secrets, networks, capabilities, routes }: FunctionModel): Manifest {
  return {
    ...(secrets.length > 0 && { secrets }),
    ...(networks.length > 0 && { networks }),
    ...(capabilities.length > 0 && { capabilities }),
    ...(routes.length > 0 && { routes: routes.map(({ kind, value }) => ({ [kind]: value })) }),
  };
}

/** `data:/data`, with `:ro` for read-only. */
export function volumeText({ source, target, readOnly }: Deployment["volumes"][number]): string {
  const from = source.startsWith("/") || source === "." ? source : `./${source}`;
  return `${from}:${target}${readOnly ? ":ro" : ""}`;
}

function testOf(test: NonNullable<Deployment["test"]>): NonNullable<Manifest["test"]> {
  if (test.kind === "message") return { input: test.input, output: test.output };
  return { path: test.path, status: test.status, ...(test.body !== null && { body: test.body }) };
}

function isFilled(value: object): boolean {
  return Object.keys(value).length > 0;
}
