/** What a document makes of one service. Pure. */

import { AppError, invalidField } from "./errors.ts";
import type { SettingsPatch } from "./pending-change.ts";
import type { MaterializedPreset } from "./preset.ts";
import { isEqual } from "./project-diff.ts";
import type { ServiceSpec } from "./project-spec.ts";
import type { ServiceState } from "./project-state.ts";
import { DEFAULT_SERVICE_SETTINGS, type ServiceSettings } from "./service-settings.ts";

export type Wish = {
  readonly service: ServiceState;
  /** Why a function's source has to be uploaded; empty: it need not. */
  readonly uploadFields: readonly string[];
};

/** @throws AppError `conflict` */
export function requireSameKind({ name, kind, preset }: ServiceSpec, present: ServiceState): void {
  if (present.kind !== kind) throw different(name, "kind", present.kind, kind);
  if (present.preset !== preset) throw different(name, "preset", present.preset ?? "none", preset ?? "none");
}

function different(name: string, field: string, present: string, wanted: string): AppError {
  return new AppError("conflict", `services.${name}.${field}: it is ${present} on the server, not ${wanted}.`, {
    fields: { [`services.${name}.${field}`]: [`is ${present} on the server`] },
    remedy: `Write \`${field}: ${present}\`, choose another name, or delete the service first.`,
  });
}

/** @throws AppError `invalid` when what is deployed should become undone */
export function imageWish(spec: ServiceSpec, service: ServiceState, preset: MaterializedPreset | undefined): Wish {
  const { settings: present } = service;
  const given = spec.settings;
  const image = given?.image ?? preset?.image ?? null;
  if (image === null) {
    if (present === null) return { service: { ...service, settings: null }, uploadFields: [] };
    throw invalidField(
      `services.${spec.name}.image`,
      `something is deployed (${present.image ?? "an image"})`,
      "Name the image, stop the service, or delete it.",
    );
  }
  const base = preset && { ports: preset.ports, command: preset.command, volumes: preset.volumes };
  const { givenEnv: _, ...defaults } = DEFAULT_SERVICE_SETTINGS;
  const settings = { ...defaults, ...base, ...named(given ?? {}), image, givenEnv: present?.givenEnv ?? {} };
  return { service: { ...service, settings }, uploadFields: [] };
}

export function withPatch(service: ServiceState, patch: SettingsPatch): ServiceState {
  if (service.settings === null) return service;
  return { ...service, settings: { ...service.settings, ...named(patch) } };
}

/**
 * A variable that a request gave, and that the document gives another value, is kept from now on.
 * @param stays whether one that the document does not name stays
 */
export function withoutGiven(
  service: ServiceState,
  env: Readonly<Record<string, string>>,
  stays: (key: string) => boolean,
): ServiceState {
  const { settings, kind } = service;
  if (settings === null || kind === "function") return service;
  const left = Object.entries(settings.givenEnv).filter(([key, value]) =>
    env[key] === undefined ? stays(key) : env[key] === value,
  );
  return { ...service, settings: { ...settings, givenEnv: Object.fromEntries(left) } };
}

/** Names of settings as documents call them. */
const WORDS: Readonly<Record<string, string>> = { startMs: "health", givenEnv: "env" };

/** Names of what differs, as documents call it. */
export function changedFields(before: ServiceState, after: ServiceState): readonly string[] {
  const fields = [
    ...(before.iconUrl === after.iconUrl ? [] : ["iconUrl"]),
    ...(before.isPrivate === after.isPrivate ? [] : ["private"]),
    ...(before.groupId === after.groupId ? [] : ["group"]),
    ...settingsFields(before.settings, after.settings),
  ];
  return [...new Set(fields)];
}

function settingsFields(before: ServiceSettings | null, after: ServiceSettings | null): readonly string[] {
  if (before === null || after === null) return before === after ? [] : ["image"];
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([field, value]) => !isEqual(old.get(field), value))
    .map(([field]) => WORDS[field] ?? field);
}

function named(patch: SettingsPatch): SettingsPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
