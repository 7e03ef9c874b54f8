/** The manifest part of `POST /api/functions`, as this version understands it. Pure. */

import { AppError, invalidField } from "./errors.ts";
import { requireRuntimeName, requireServiceName } from "./names.ts";
import { DEFAULT_SETTINGS, type RolloutSettings } from "./rollout.ts";
import { parsePort, parseVolumes } from "./upload.ts";

/** What somebody may write; types are checked by the schema in front of it. */
export type ManifestInput = {
  readonly name: string;
  readonly runtime?: string | undefined;
  readonly port?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly replicas?: number | undefined;
  readonly command?: readonly string[] | undefined;
  readonly health?:
    | {
        readonly path: string;
        readonly intervalMs?: number | undefined;
        readonly timeoutMs?: number | undefined;
        readonly startMs?: number | undefined;
      }
    | undefined;
  readonly resources?: { readonly cpu?: number | undefined; readonly memoryMb?: number | undefined } | undefined;
  readonly timeoutMs?: number | undefined;
};

export type ManifestRules = { readonly reservedNames: readonly string[]; readonly volumeRoots: readonly string[] };

const ENV_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MIB = 1_048_576;

/** @throws AppError `invalid` naming the field */
export function settingsOf(input: ManifestInput, rules: ManifestRules): RolloutSettings {
  requireServiceName(input.name, rules.reservedNames);
  if (input.runtime !== undefined) requireRuntimeName(input.runtime);
  const badKey = Object.keys(input.env ?? {}).find((key) => !ENV_KEY.test(key));
  if (badKey !== undefined)
    throw invalidField(
      "env",
      `${JSON.stringify(badKey)} is no name of an environment variable`,
      "Use letters, digits and _, not starting with a digit.",
    );
  const { health, resources } = input;
  return {
    ...DEFAULT_SETTINGS,
    port: input.port === undefined ? null : parsePort(String(input.port), []),
    env: input.env ?? {},
    replicas: input.replicas ?? DEFAULT_SETTINGS.replicas,
    command: input.command ?? [],
    volumes: parseVolumes((input.volumes ?? []).join(","), rules.volumeRoots),
    timeoutMs: input.timeoutMs ?? DEFAULT_SETTINGS.timeoutMs,
    startMs: health?.startMs ?? DEFAULT_SETTINGS.startMs,
    health:
      health === undefined
        ? null
        : {
            path: requirePath(health.path),
            intervalMs: health.intervalMs ?? 10_000,
            timeoutMs: health.timeoutMs ?? 2_000,
          },
    resources: {
      cpuMillicores:
        resources?.cpu === undefined ? DEFAULT_SETTINGS.resources.cpuMillicores : Math.round(resources.cpu * 1000),
      memoryBytes:
        resources?.memoryMb === undefined ? DEFAULT_SETTINGS.resources.memoryBytes : resources.memoryMb * MIB,
    },
  };
}

/** The JSON of the form's `manifest` part. @throws AppError `invalid` */
export function parseManifestJson(text: string | undefined): unknown {
  if (text === undefined) {
    throw new AppError("invalid", "manifest: is missing", {
      fields: { manifest: ["is required"] },
      remedy: 'Send a part "manifest" such as {"name":"hello"} before the part "source".',
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid", "manifest: is no JSON", {
      cause: error,
      fields: { manifest: [error instanceof Error ? error.message : "is no JSON"] },
    });
  }
}

function requirePath(path: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(path))
    throw invalidField("health.path", `${JSON.stringify(path)} is no path`, "Write it as /ping, all else as %XX.");
  return path;
}
