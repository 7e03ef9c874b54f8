/**
 * What staged edits make of a project. Pure: the same function says what names and keys are taken once entries before
 * have taken effect, and what is written when the log is applied, so that staging and applying never disagree.
 */

import { renameReferences } from "./env-reference.ts";
import { AppError } from "./errors.ts";
import type { ChangeBody, ServiceDraft, ServicePatch, SettingsPatch } from "./pending-change.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import { DEFAULT_SERVICE_SETTINGS, type ServiceSettings } from "./service-settings.ts";

export type ChangedProject = {
  readonly state: ProjectState;
  /** Ids of created services by their temporary ids. */
  readonly tempIds: ReadonlyMap<string, string>;
};

/**
 * Carries the changes out in their order. What is about something that is gone is left out.
 * @param newId makes an id for what is created
 * @throws AppError `conflict` for a name or key that is taken when its turn comes
 */
export function applyChanges(
  before: ProjectState,
  changes: readonly ChangeBody[],
  newId: () => string,
): ChangedProject {
  const tempIds = new Map<string, string>();
  let state = before;
  for (const change of changes) state = applyOne(state, change, tempIds, newId);
  return { state, tempIds };
}

function applyOne(
  state: ProjectState,
  change: ChangeBody,
  tempIds: Map<string, string>,
  newId: () => string,
): ProjectState {
  switch (change.op) {
    case "project.update":
      return { ...state, name: change.payload.name };
    case "service.create": {
      const id = newId();
      tempIds.set(change.targetTempId, id);
      const groupId = state.groups.get(change.targetTempId) ?? null;
      return createService(state, { id, groupId }, change.payload, newId);
    }
    case "service.update":
      return updateService(state, change.targetId, change.payload);
    case "service.delete":
      return {
        ...state,
        services: state.services.filter((s) => s.id !== change.targetId),
        variables: state.variables.filter((v) => v.scope !== "service" || v.scopeId !== change.targetId),
      };
    case "env_var.create": {
      const { targetId, parentTempId, payload } = change;
      const scopeId = targetId ?? tempIds.get(parentTempId ?? "");
      if (scopeId === undefined || !isThere(state, payload.scope, scopeId)) return state;
      return addVariable(state, { id: newId(), ...payload, scopeId });
    }
    case "env_var.update":
      return withVariables(state, (v) => (v.id === change.targetId ? { ...v, value: change.payload.value } : v));
    case "env_var.delete":
      return { ...state, variables: state.variables.filter((v) => v.id !== change.targetId) };
  }
}

function createService(
  state: ProjectState,
  { id, groupId }: { readonly id: string; readonly groupId: string | null },
  draft: ServiceDraft,
  newId: () => string,
): ProjectState {
  requireNameFree(state, draft.name, undefined);
  const { name, kind, iconUrl, isPrivate, preset, settings } = draft;
  const hasImage = settings.image !== undefined && settings.image !== null;
  const service: ServiceState = {
    ...{ id, name, kind, iconUrl, isPrivate, preset, groupId },
    settings: hasImage ? { ...DEFAULT_SERVICE_SETTINGS, image: null, ...given(settings) } : null,
    port: null,
  };
  const added: ProjectState = { ...state, services: [...state.services, service] };
  return draft.envVars.reduce<ProjectState>(
    (next, { key, value }) => addVariable(next, { id: newId(), scope: "service", scopeId: id, key, value }),
    added,
  );
}

function updateService(state: ProjectState, id: string, patch: ServicePatch): ProjectState {
  const old = state.services.find((s) => s.id === id);
  if (old === undefined) return state;
  const name = patch.name ?? old.name;
  requireNameFree(state, name, id);
  const updated: ServiceState = {
    ...old,
    name,
    iconUrl: patch.iconUrl === undefined ? old.iconUrl : patch.iconUrl,
    isPrivate: patch.isPrivate ?? old.isPrivate,
    groupId: patch.reparented === true ? (state.groups.get(id) ?? null) : old.groupId,
    settings: patchSettings(old.settings, patch.settings),
  };
  const next = { ...state, services: state.services.map((s) => (s.id === id ? updated : s)) };
  return name === old.name ? next : rename(next, old.name, name);
}

/** The first image makes a service that had nothing deployed one that has. */
function patchSettings(old: ServiceSettings | null, patch: SettingsPatch | undefined): ServiceSettings | null {
  if (patch === undefined) return old;
  if (old !== null) return { ...old, ...given(patch) };
  return patch.image == null ? null : { ...DEFAULT_SERVICE_SETTINGS, image: null, ...given(patch) };
}

/** All that refers to the old name refers to the new one. */
function rename(state: ProjectState, from: string, to: string): ProjectState {
  const renamed = withVariables(state, (v) => ({ ...v, value: renameReferences(v.value, from, to) }));
  const services = renamed.services.map((service) => {
    const { settings } = service;
    if (settings === null) return service;
    const entries = Object.entries(settings.givenEnv).map(([key, value]) => [key, renameReferences(value, from, to)]);
    return { ...service, settings: { ...settings, givenEnv: Object.fromEntries(entries) } };
  });
  return { ...renamed, services };
}

function withVariables(state: ProjectState, map: (variable: Variable) => Variable): ProjectState {
  return { ...state, variables: state.variables.map(map) };
}

function addVariable(state: ProjectState, variable: Variable): ProjectState {
  const { scope, scopeId, key } = variable;
  if (state.variables.some((v) => v.scope === scope && v.scopeId === scopeId && v.key === key)) {
    throw new AppError("conflict", `key: ${key} is set there already.`, {
      fields: { key: [`${key} is set there already`] },
      remedy: "Change its value instead.",
    });
  }
  return { ...state, variables: [...state.variables, variable] };
}

/** Names are told apart whatever their case. @throws AppError `conflict` */
export function requireNameFree(state: ProjectState, name: string, ownId: string | undefined): void {
  const taken = state.services.find((s) => s.id !== ownId && s.name.toLowerCase() === name.toLowerCase());
  if (taken === undefined) return;
  throw new AppError("conflict", `name: another service of this project is called ${name}.`, {
    fields: { name: ["is taken by another service of this project"] },
    remedy: "Choose another name, or rename or delete that service first.",
  });
}

function isThere(state: ProjectState, scope: Variable["scope"], scopeId: string): boolean {
  if (scope === "project") return scopeId === state.id;
  if (scope === "service") return state.services.some((s) => s.id === scopeId);
  return state.groupIds.includes(scopeId);
}

/** Without what is left out, which must not wipe out what was there. */
function given(patch: SettingsPatch): SettingsPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
