/** A function's manifest, `slipway.yml` or `funko.yml` (design 6), and what it means. Pure. Read by src/manifest/. */

import type { DeclaredParts, DeployTest, Isolation, Resources } from "./deployment.ts";
import { AppError, invalidField } from "./errors.ts";
import { requireRuntimeName, requireServiceName } from "./names.ts";
import { DEFAULT_SETTINGS, type RolloutSettings } from "./rollout.ts";
import type { RouteClaim } from "./route-claim.ts";
import { routeClaimOf } from "./route-claim-rules.ts";
import type { RuntimeOptions } from "./runtime.ts";
import { parsePort, parseVolumeList, type UploadRules } from "./upload.ts";

/** As it is written; shapes and ranges of single fields are checked, what they mean together is not. */
export type Manifest = {
  readonly name?: string | undefined;
  /** A built-in or registered one, or a folder (a path); null: the folder has its own Dockerfile whatever else is said. */
  readonly runtime?: string | null | undefined;
  readonly options?: RuntimeOptions | undefined;
  readonly port?: number | undefined;
  readonly handler?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: readonly string[] | undefined;
  readonly services?: readonly string[] | undefined;
  readonly schema?: DeclaredParts["schema"];
  readonly health?:
    | {
        readonly path: string;
        readonly intervalMs?: number | undefined;
        readonly timeoutMs?: number | undefined;
        readonly startMs?: number | undefined;
      }
    | undefined;
  readonly scale?: (NonNullable<DeclaredParts["scale"]> & { readonly min?: number | undefined }) | undefined;
  /** Short for `scale.min`; only over HTTP. */
  readonly replicas?: number | undefined;
  readonly resources?: { readonly cpu?: number | undefined; readonly memoryMb?: number | undefined } | undefined;
  readonly timeoutMs?: number | undefined;
  readonly routes?: readonly { readonly host?: string | undefined; readonly path?: string | undefined }[] | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly isolation?: Isolation | undefined;
  readonly schedule?: DeclaredParts["schedule"];
  readonly test?:
    | {
        readonly path?: string | undefined;
        readonly status?: number | undefined;
        readonly body?: string | undefined;
        readonly input?: unknown;
        readonly output?: unknown;
      }
    | undefined;
  readonly build?:
    | {
        readonly args?: Readonly<Record<string, string>> | undefined;
        readonly secrets?: readonly string[] | undefined;
      }
    | undefined;
};

export const MANIFEST_FILES = ["slipway.yml", "funko.yml"] as const;
export type ManifestFile = (typeof MANIFEST_FILES)[number];

export type ReadManifest = {
  readonly manifest: Manifest;
  /** For people, e.g. about a key that a `funko.yml` may have and nobody reads. */
  readonly warnings: readonly string[];
  /** Fields that nobody wrote: the file's name stands for them. */
  readonly defaulted?: readonly (keyof Manifest)[];
};

/** The network that functions of a `funko.yml` join when it names none. */
export const FUNKO_NETWORK = "faaso-net";

export interface ManifestReader {
  /**
   * The fields of a file. A `funko.yml` gets what its name stands for: unknown keys are warnings, the name is lower-cased,
   * and without `networks` it joins `faaso-net`.
   * @throws AppError `invalid` naming file, line, field and the nearest known key
   */
  read(text: string, file: ManifestFile): Promise<ReadManifest>;
  /** The form part `manifest`: JSON or YAML. @throws AppError `invalid` as above, with `manifest` for the file */
  readPart(text: string): Promise<ReadManifest>;
  /** A value that is parsed already. @throws AppError `invalid` naming each field */
  check(value: unknown): Promise<Manifest>;
  /** The JSON Schema (draft 2020-12) of a slipway.yml, for editors. */
  jsonSchema(): Promise<object>;
}

export type ManifestRules = Omit<UploadRules, "reservedPorts">;

/** Most instances of one service. */
export const MAX_REPLICAS = 50;

const ENV_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MIB = 1_048_576;

/** One manifest laid over another, field by field: what `over` says counts. Variables come together; `replicas` is `scale.min`. */
export function mergeManifests(under: Manifest, over: Manifest): Manifest {
  const { replicas: _under, ...below } = withScale(under);
  const { replicas: _over, ...above } = withScale(over);
  const given = Object.entries(above).filter(([, value]) => value !== undefined);
  const env = { ...below.env, ...above.env };
  const scale = over.scale === undefined ? { ...below.scale, ...above.scale } : above.scale;
  return {
    ...below,
    ...Object.fromEntries(given),
    ...(Object.keys(env).length > 0 && { env }),
    ...(scale !== undefined && Object.keys(scale).length > 0 && { scale }),
  };
}

function withScale(manifest: Manifest): Manifest {
  const min = manifest.scale?.min ?? manifest.replicas;
  return min === undefined ? manifest : { ...manifest, scale: { ...manifest.scale, min } };
}

/** A folder of its owner's, and no name: only the command line knows what is in it. */
export function isRuntimeFolder(runtime: string): boolean {
  return runtime.includes("/") || runtime.startsWith(".");
}

/** @throws AppError `invalid` naming the field; `conflict` for a host or path that is the platform's; `forbidden` for what only an operator can allow */
export function settingsOf(manifest: Manifest & { readonly name: string }, rules: ManifestRules): RolloutSettings {
  requireServiceName(manifest.name, rules.reservedNames);
  if (typeof manifest.runtime === "string") requireKnowableRuntime(manifest.runtime);
  const { handler, env = {}, build, networks = [], capabilities = [], volumes = [] } = manifest;
  requireKeys("env", env);
  requireKeys("build.args", build?.args ?? {});
  for (const [i, name] of networks.entries())
    requireAllowed(`networks[${i}]`, name, rules.networks, "SLIPWAY_NETWORKS");
  const kept = capabilities.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
  for (const [i, name] of kept.entries())
    requireAllowed(`capabilities[${i}]`, name, rules.capabilities, "SLIPWAY_CAPABILITIES");
  const { scale } = withScale(manifest);
  if (scale?.max !== undefined && scale.max < (scale.min ?? 1))
    throw invalidField("scale.max", `${scale.max} is less than scale.min, ${scale.min ?? 1}`);
  return {
    ...DEFAULT_SETTINGS,
    port: manifest.port === undefined ? null : parsePort(String(manifest.port), []),
    env: { ...(handler !== undefined && { HANDLER: handler }), ...env },
    replicas: scale?.min ?? null,
    command: manifest.command ?? [],
    volumes: parseVolumeList(volumes, rules.volumeRoots, (i) => `volumes[${i}]`),
    timeoutMs: manifest.timeoutMs ?? DEFAULT_SETTINGS.timeoutMs,
    startMs: manifest.health?.startMs ?? DEFAULT_SETTINGS.startMs,
    health: healthOf(manifest.health),
    resources: resourcesOf(manifest.resources),
    options: manifest.options ?? {},
    buildInputs: { args: build?.args ?? {}, secrets: [...new Set(build?.secrets)] },
    secrets: [...new Set(manifest.secrets)],
    networks: [...new Set(networks)],
    capabilities: [...new Set(kept)].sort(),
    isolation: manifest.isolation ?? "runc",
    routes: routesOf(manifest.routes ?? [], rules.ownHosts),
    test: testOf(manifest.test),
    declared: declaredOf(manifest),
  };
}

/** A name, and no folder of somebody else's machine. @throws AppError `invalid` */
export function requireKnowableRuntime(runtime: string): void {
  if (!isRuntimeFolder(runtime)) {
    requireRuntimeName(runtime);
    return;
  }
  throw invalidField(
    "runtime",
    `${runtime} is a folder, which this server does not have`,
    "Deploy with the slipway command line, which sends that folder along, or register it: slipway runtime add NAME FOLDER.",
  );
}

function requireKeys(field: string, values: Readonly<Record<string, string>>): void {
  const bad = Object.keys(values).find((key) => !ENV_KEY.test(key));
  if (bad === undefined) return;
  throw invalidField(
    field,
    `${JSON.stringify(bad)} is no name of a variable`,
    "Use letters, digits and _, not starting with a digit.",
  );
}

function requireAllowed(field: string, name: string, allowed: readonly string[], option: string): void {
  if (allowed.includes(name)) return;
  const known = allowed.length === 0 ? "none is" : `allowed: ${allowed.join(", ")}`;
  throw new AppError("forbidden", `${field}: ${name} is not allowed on this server (${known}).`, {
    fields: { [field]: [`${name} is not allowed`] },
    remedy: `Leave it out, or ask the operator to list it in ${option}.`,
  });
}

function healthOf(health: Manifest["health"]): RolloutSettings["health"] {
  if (health === undefined) return null;
  const { path, intervalMs = 10_000, timeoutMs = 2_000 } = health;
  return { path: requirePath("health.path", path), intervalMs, timeoutMs, allowsNotFound: false };
}

function resourcesOf(given: Manifest["resources"]): RolloutSettings["resources"] {
  const defaults = DEFAULT_SETTINGS.resources;
  const cpuMillicores: Resources["cpuMillicores"] =
    given?.cpu === undefined ? defaults.cpuMillicores : Math.round(given.cpu * 1000);
  return { cpuMillicores, memoryBytes: given?.memoryMb === undefined ? defaults.memoryBytes : given.memoryMb * MIB };
}

function routesOf(routes: NonNullable<Manifest["routes"]>, ownHosts: readonly string[]): readonly RouteClaim[] {
  const claims = routes.flatMap((route, i) => {
    const field = `routes[${i}]`;
    if ((route.host === undefined) === (route.path === undefined))
      throw invalidField(field, "takes either a host or a path", "Write {host: hello.example.com} or {path: /sum}.");
    return [routeClaimOf(route.host === undefined ? "path" : "host", route.host ?? route.path ?? "", field, ownHosts)];
  });
  const seen = new Map(claims.map((claim) => [`${claim.kind} ${claim.value}`, claim]));
  return [...seen.values()];
}

function testOf(test: Manifest["test"]): DeployTest | null {
  if (test === undefined) return null;
  const { path, status, body } = test;
  const isMessage = "input" in test || "output" in test;
  if (isMessage && (path !== undefined || status !== undefined || body !== undefined))
    throw invalidField("test", "asks for a path and for an input", "Use path, status, body, or input, output.");
  if (isMessage && !("output" in test))
    throw invalidField("test", "has an input and no output", "Write {input: 1, output: 2}, say.");
  if (isMessage) return { kind: "message", input: test.input ?? null, output: test.output ?? null };
  if (path === undefined)
    throw invalidField("test", "has neither a path nor an output", "Write {path: /ping, status: 200, body: OK}, say.");
  return { kind: "http", path: requirePath("test.path", path), status: status ?? 200, body: body ?? null };
}

function declaredOf({ schema, services, schedule, scale }: Manifest): DeclaredParts {
  const { min: _, ...limits } = scale ?? {};
  return {
    ...(schema !== undefined && { schema }),
    ...(services !== undefined && { services }),
    ...(schedule !== undefined && { schedule }),
    ...(Object.keys(limits).length > 0 && { scale: limits }),
  };
}

function requirePath(field: string, path: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(path))
    throw invalidField(field, `${JSON.stringify(path)} is no path`, "Write it as /ping, all else as %XX.");
  return path;
}
