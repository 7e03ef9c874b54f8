/**
 * What the instances of a service get as their environment: variables of its project, laid under those of its canvas
 * group, those of the service itself and those its manifest or request gave, with references resolved. Pure.
 */

import { type ReferencePart, referencesIn, replaceReferences } from "./env-reference.ts";
import type { Preset } from "./preset.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";

export type ResolvedEnv = {
  /** Never undefined, possibly empty. */
  readonly env: Readonly<Record<string, string>>;
  /** Keys by the name of the service they refer to, whether it exists or not; keys sorted. */
  readonly references: ReadonlyMap<string, readonly string[]>;
};

/** What presets say of the URLs of services made from them. */
export type PresetUrls = (presetId: string) => Pick<Preset, "url"> | undefined;

/** @param given what lies over the kept variables; the service's own settings say it where it is left out */
export function resolveEnv(
  state: ProjectState,
  service: ServiceState,
  presets: PresetUrls,
  given: Readonly<Record<string, string>> = service.settings?.givenEnv ?? {},
): ResolvedEnv {
  const raw = { ...keptEnv(state, service), ...given };
  const byName = new Map(state.services.map((s) => [s.name, s]));
  const keys = new Map<string, string[]>();
  const env = Object.entries(raw)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => {
      for (const name of referencesIn(value)) keys.set(name, [...(keys.get(name) ?? []), key]);
      const resolved = replaceReferences(value, (name, part) => {
        const provider = byName.get(name);
        return provider && partOf(state, provider, part, presets);
      });
      return [key, resolved] as const;
    });
  return { env: Object.fromEntries(env), references: keys };
}

/** What project, group and service keep, the nearer over the farther; unresolved. */
export function keptEnv(
  { id: projectId, variables }: ProjectState,
  { id: serviceId, groupId }: ServiceState,
): Readonly<Record<string, string>> {
  const of = (scope: Variable["scope"], scopeId: string | null): Record<string, string> =>
    Object.fromEntries(
      variables.filter((v) => v.scope === scope && v.scopeId === scopeId).map((v) => [v.key, v.value]),
    );
  return { ...of("project", projectId), ...of("group", groupId), ...of("service", serviceId) };
}

/** The port other services reach it at: the first it has for TCP. */
export function mainPort({ settings, port }: Pick<ServiceState, "settings" | "port">): number | undefined {
  return settings?.ports.find((p) => p.protocol === "tcp")?.containerPort ?? port ?? undefined;
}

/** Undefined: not known (yet), so that the reference stays as it is and is seen. */
function partOf(
  state: ProjectState,
  provider: ServiceState,
  part: ReferencePart,
  presets: PresetUrls,
): string | undefined {
  if (part === "HOST") return provider.name;
  const port = mainPort(provider);
  if (port === undefined) return undefined;
  if (part === "PORT") return String(port);
  const preset = provider.preset === null ? undefined : presets(provider.preset);
  if (preset === undefined) return `http://${provider.name}:${port}`;
  const own = { ...keptEnv(state, provider), ...provider.settings?.givenEnv, HOST: provider.name, PORT: String(port) };
  return fillUrl(preset.url, (key) => {
    const value = Object.hasOwn(own, key) ? own[key as keyof typeof own] : undefined;
    return value === undefined ? undefined : withoutUrls(state, value, presets);
  });
}

/** A value that a URL is made of: other services' hosts and ports may stand in it. URLs in URLs are not known. */
function withoutUrls(state: ProjectState, value: string, presets: PresetUrls): string | undefined {
  let isKnown = true;
  const resolved = replaceReferences(value, (name, part) => {
    if (part === "URL") isKnown = false;
    const provider = part === "URL" ? undefined : state.services.find((service) => service.name === name);
    return provider && partOf(state, provider, part, presets);
  });
  return isKnown ? resolved : undefined;
}

/** Undefined when a value it is made of is not there. */
function fillUrl(template: string, valueFor: (key: string) => string | undefined): string | undefined {
  let isWhole = true;
  const url = template.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, key: string) => {
    const value = valueFor(key);
    if (value === undefined) isWhole = false;
    return encodeURIComponent((value ?? "").toWellFormed());
  });
  return isWhole ? url : undefined;
}
