/**
 * What instances are called on their project's network. Ready ones answer to their service's name. When that changes,
 * those that run go on under the old name, too, until they leave, and so do the ones that take their place: whoever was
 * started with the old name finds them until it is replaced itself. Pure.
 */

import type { ObservedInstance } from "./driver.ts";
import type { InstanceRecord } from "./instance.ts";
import type { Service } from "./service.ts";

export type NamesInput = {
  readonly service: Service | undefined;
  readonly records: readonly InstanceRecord[];
  readonly observed: readonly ObservedInstance[];
  /** Names that belong to another service of the project by now. */
  readonly lostNames: ReadonlySet<string>;
};

/**
 * The names of one that becomes ready: its service's, then those under which the ones it will replace were made. Not
 * those that they took over in their turn, or no name would ever be forgotten.
 */
export function namesOnceReady(input: NamesInput, own: ObservedInstance): readonly string[] {
  const { service, records, observed, lostNames } = input;
  if (service === undefined) return [];
  const ready = new Set(records.filter((r) => r.state === "ready").map((r) => r.runtimeId));
  const old = observed.filter((o) => o.deploymentId !== own.deploymentId && ready.has(o.runtimeId));
  const renamed = old.filter(({ names }) => names[0] !== service.name).flatMap(({ names }) => names);
  return [...new Set([service.name, ...renamed.filter((name) => !lostNames.has(name))])];
}

/** The names that a ready one should have; undefined when it has just those. What it was made under stays the first. */
export function namesWhileReady(
  { service, lostNames }: NamesInput,
  own: ObservedInstance,
): readonly string[] | undefined {
  if (service === undefined) return undefined;
  const kept = own.names.filter((name) => name === service.name || !lostNames.has(name));
  const names = kept.includes(service.name) ? kept : [...kept, service.name];
  return names.length === own.names.length && names.every((name, i) => name === own.names[i]) ? undefined : names;
}

/** Those names of the instances that their service does not have: whether another one has them is worth asking. */
export function formerNames(service: Service | undefined, observed: readonly ObservedInstance[]): readonly string[] {
  return [...new Set(observed.flatMap(({ names }) => names))].filter((name) => name !== service?.name);
}
