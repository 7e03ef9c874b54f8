/** What differs between two states of a project, and which services have to be deployed anew for it. Pure. */

import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import { type PresetUrls, resolveEnv } from "./resolve-env.ts";

export type ProjectDiff = {
  /** The new name, when it is another one. */
  readonly name: string | undefined;
  readonly createdServices: readonly ServiceState[];
  readonly updatedServices: readonly { readonly before: ServiceState; readonly after: ServiceState }[];
  readonly deletedServices: readonly ServiceState[];
  readonly createdVariables: readonly Variable[];
  readonly updatedVariables: readonly Variable[];
  readonly deletedVariables: readonly Variable[];
  /**
   * Those that were there before, have something deployed and run differently from now on: other settings, another name
   * or another environment. Sorted by name.
   */
  readonly redeployed: readonly ServiceState[];
  /**
   * Others that left a group which is gone, with its variables: whether they had any from it is seen in what is deployed
   * of them alone.
   */
  readonly orphaned: readonly ServiceState[];
};

export function diffProjects(before: ProjectState, after: ProjectState, presets: PresetUrls): ProjectDiff {
  const services = pair(before.services, after.services);
  const variables = pair(before.variables, after.variables);
  const deployed = services.kept.filter((s) => s.after.settings !== null);
  const redeployed = deployed.filter((s) => runsDifferently(s, before, after, presets));
  const orphaned = deployed.filter((s) => leftLostGroup(s, before) && !redeployed.includes(s));
  return {
    name: before.name === after.name ? undefined : after.name,
    createdServices: services.created,
    updatedServices: services.kept.filter((s) => !isEqual(s.before, s.after)),
    deletedServices: services.deleted,
    createdVariables: variables.created,
    updatedVariables: variables.kept.filter((v) => v.before.value !== v.after.value).map((v) => v.after),
    deletedVariables: variables.deleted,
    redeployed: redeployed.map((s) => s.after).sort(byName),
    orphaned: orphaned.map((s) => s.after),
  };
}

export function byName(a: ServiceState, b: ServiceState): number {
  return a.name < b.name ? -1 : 1;
}

type Kept<T> = { readonly before: T; readonly after: T };

function runsDifferently(
  kept: Kept<ServiceState>,
  before: ProjectState,
  after: ProjectState,
  presets: PresetUrls,
): boolean {
  if (kept.before.name !== kept.after.name || !isEqual(kept.before.settings, kept.after.settings)) return true;
  const env = (state: ProjectState, service: ServiceState) => resolveEnv(state, service, presets).env;
  return !isEqual(env(before, kept.before), env(after, kept.after));
}

function leftLostGroup({ before: { groupId }, after }: Kept<ServiceState>, { groupIds }: ProjectState): boolean {
  return groupId !== null && groupId !== after.groupId && !groupIds.includes(groupId);
}

function pair<T extends { readonly id: string }>(before: readonly T[], after: readonly T[]) {
  const old = new Map(before.map((one) => [one.id, one]));
  const ids = new Set(after.map((one) => one.id));
  return {
    created: after.filter((one) => !old.has(one.id)),
    kept: after.flatMap((one) => {
      const was = old.get(one.id);
      return was === undefined ? [] : [{ before: was, after: one }];
    }),
    deleted: before.filter((one) => !ids.has(one.id)),
  };
}

/** By value; the order of keys does not matter, that of lists does. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key)));
}
