/** A project as documents see it: its state with what of groups, routes and sources belongs to it. Pure. */

import { type FunctionModel, manifestOf } from "./manifest-of.ts";
import type { SettingsPatch } from "./pending-change.ts";
import { isEqual } from "./project-diff.ts";
import type { GroupSpec, ProjectSpec, ServiceSpec } from "./project-spec.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import { DEFAULT_SERVICE_SETTINGS, type ServiceSettings } from "./service-settings.ts";

export type ServiceRoute = {
  readonly serviceId: string;
  /** `host` or `/path`. */
  readonly route: string;
};

export type ProjectPicture = {
  readonly state: ProjectState;
  readonly slug: string;
  /** Of the canvas groups, by id; each name once. */
  readonly groupNames: ReadonlyMap<string, string>;
  /** Those given by hand. */
  readonly routes: readonly ServiceRoute[];
  /** What runs or shall run of functions that were deployed, by service id. */
  readonly functions: ReadonlyMap<string, FunctionModel>;
};

/** Names of groups, each once: the second `Backend` is `Backend (2)`. Empty ones are called `Group`. In the given order. */
export function groupNames(
  groups: readonly { readonly id: string; readonly label: string }[],
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id, label } of groups) {
    const base = label.trim() || "Group";
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base} (${n})`;
    taken.add(name);
    names.set(id, name);
  }
  return names;
}

/** Of a project that is yet to be made. */
export function emptyPicture(id: string, name: string, slug: string): ProjectPicture {
  const state = { id, name, services: [], variables: [], groups: new Map(), groupIds: [] };
  return { state, slug, groupNames: new Map(), routes: [], functions: new Map() };
}

/** The document of it. Applied to the same project it changes nothing; applied to none it makes the same one again. */
export function specOf(picture: ProjectPicture): ProjectSpec {
  const { state, slug } = picture;
  const groups = [...picture.groupNames].map(
    ([id, name]): GroupSpec => ({ name, env: variablesOf(state, "group", id) }),
  );
  return {
    name: state.name,
    slug,
    env: variablesOf(state, "project", state.id),
    groups: byName(groups),
    services: byName(state.services.map((service) => serviceSpec(picture, service))),
  };
}

/** What its scope keeps, by key, sorted. */
export function variablesOf(
  { variables }: Pick<ProjectState, "variables">,
  scope: Variable["scope"],
  scopeId: string,
): Readonly<Record<string, string>> {
  const own = variables.filter((v) => v.scope === scope && v.scopeId === scopeId);
  return sortedRecord(own.map((v) => [v.key, v.value]));
}

/** What an image service gets of its own: kept variables, and over them those that a request gave. */
export function ownEnv(state: ProjectState, { id, kind, settings }: ServiceState): Readonly<Record<string, string>> {
  const given = kind === "image" ? (settings?.givenEnv ?? {}) : {};
  return sortedRecord(Object.entries({ ...variablesOf(state, "service", id), ...given }));
}

/** By key. */
export function sortedRecord(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function serviceSpec(picture: ProjectPicture, service: ServiceState): ServiceSpec {
  const { state, functions } = picture;
  const { id, name, kind, preset, iconUrl, isPrivate, groupId, settings } = service;
  const model = functions.get(id);
  return {
    ...{ name, kind, preset, isPrivate },
    iconUrl: iconUrl ?? (preset === null ? null : ""),
    group: groupId === null ? null : (picture.groupNames.get(groupId) ?? null),
    env: ownEnv(state, service),
    settings: kind === "function" || settings === null ? null : differing(settings),
    manifest: model === undefined ? null : manifestOf(model),
    sourceId: model?.sourceId ?? null,
    routes: picture.routes
      .filter((route) => route.serviceId === id)
      .map(({ route }) => route)
      .sort(),
  };
}

/** All fields; those that are as by default are left out where a preset could say nothing else. */
function differing({ givenEnv: _, ...settings }: ServiceSettings): SettingsPatch {
  const entries = Object.entries(settings).filter(([field, value]) => {
    const isPresets = field === "ports" || field === "volumes" || field === "command";
    return isPresets || !isEqual(value, Object.entries(DEFAULT_SERVICE_SETTINGS).find(([key]) => key === field)?.[1]);
  });
  return Object.fromEntries(entries);
}

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
