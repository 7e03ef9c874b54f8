/**
 * What instances are called on their project's network. Ready ones answer to their service's name, and to those it had
 * before, so that whoever was started with an old one finds them: also one that was rolled back to a deployment from before
 * the rename. A name that another service of the project takes is that one's alone. Pure.
 */

import type { Service } from "./service.ts";

/** How many former names a service answers to, the newest ones. */
const KEPT_FORMER_NAMES = 8;

/** The names of a ready instance of the service, the service's own first. */
export function namesOf({ name, formerNames }: Pick<Service, "name" | "formerNames">): readonly string[] {
  return [name, ...formerNames];
}

/** What it answers to besides its name once it is called `name`. */
export function formerNamesAs(name: string, service: Pick<Service, "name" | "formerNames">): readonly string[] {
  return namesOf(service)
    .filter((former) => former !== name)
    .slice(0, KEPT_FORMER_NAMES);
}

/** Those services of a project that have a former name which is another's (or their own) by now, with the ones they keep. */
export function lostNames(services: readonly Service[]): readonly Pick<Service, "id" | "formerNames">[] {
  const taken = new Set(services.map(({ name }) => name));
  return services
    .filter(({ formerNames }) => formerNames.some((name) => taken.has(name)))
    .map(({ id, formerNames }) => ({ id, formerNames: formerNames.filter((name) => !taken.has(name)) }));
}
