/**
 * The naming convention (design 9): a container that somebody starts on the shared network and calls `faaso-<name>` or
 * `faaso-<name>-<anything>` is the function `<name>`. Pure; what others started is never changed.
 */

import type { OutsideContainer } from "./driver.ts";

/** What the names of such containers start with. */
export const FAASO_PREFIX = "faaso-";
/** The port such a container listens on. */
export const FAASO_PORT = 3000;

/** A function that was started outside Slipway; several containers of one name share its requests. */
export type AdoptedFunction = {
  /** Lower case, letters and digits: its first host label, and its name under /funko/ and /faaso/. */
  readonly name: string;
  /** At least one; sorted by name. */
  readonly instances: readonly OutsideContainer[];
};

/** The functions adopted at present. */
export interface AdoptedFunctions {
  /** Sorted by name. Those whose name a service of ours has are among them: the service wins. */
  list(): readonly AdoptedFunction[];
}

/** Stands for it where a service's id would stand, which is never of this form. */
export function adoptedId(name: string): string {
  return `adopted:${name}`;
}

/** The function a container of that name is; undefined when it is none. */
export function adoptedName(containerName: string, reservedNames: readonly string[]): string | undefined {
  const name = /^faaso-([A-Za-z0-9]{1,63})(?:-.*)?$/.exec(containerName)?.[1]?.toLowerCase();
  // Digits alone would be the first label of an address.
  return name === undefined || /^[0-9]+$/.test(name) || reservedNames.includes(name) ? undefined : name;
}

/** The functions those containers are. */
export function adoptedFunctions(
  containers: readonly OutsideContainer[],
  reservedNames: readonly string[],
): readonly AdoptedFunction[] {
  const byName = new Map<string, OutsideContainer[]>();
  for (const container of containers) {
    const name = adoptedName(container.name, reservedNames);
    if (name === undefined) continue;
    const instances = byName.get(name);
    if (instances) instances.push(container);
    else byName.set(name, [container]);
  }
  return [...byName]
    .map(([name, instances]) => ({ name, instances: instances.toSorted((a, b) => compare(a.name, b.name)) }))
    .toSorted((a, b) => compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
