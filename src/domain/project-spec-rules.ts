/** What a project's document may ask for. Pure. */

import { type ChangeRules, checkedProjectName } from "./change-rules.ts";
import { requireEnvKey, requireEnvValue } from "./env-var.ts";
import { AppError, isAppError } from "./errors.ts";
import { requireProjectSlug, requireServiceName } from "./names.ts";
import type { ProjectSpec, ServiceSpec } from "./project-spec.ts";
import type { RouteClaim } from "./route-claim.ts";
import { routeClaimOf } from "./route-claim-rules.ts";
import { checkedIconUrl, checkedSettings } from "./service-settings-rules.ts";

export type SpecRules = ChangeRules & {
  /** Hosts that are the platform's own. */
  readonly ownHosts: readonly string[];
};

/** In the form it is kept. @throws AppError `invalid`, `conflict` naming the field */
export function checkedSpec(spec: ProjectSpec, rules: SpecRules): ProjectSpec {
  if (spec.slug !== "") at("slug", () => requireProjectSlug(spec.slug));
  checkEnv(spec.env, "env");
  for (const { name, env } of spec.groups) checkEnv(env, `groups.${name}.env`);
  const services = spec.services.map((service) => at(`services.${service.name}`, () => checkedService(service, rules)));
  return { ...spec, name: checkedProjectName(spec.name), services };
}

/** `shop.example.com` or `/shop`. @throws AppError `invalid`, `conflict` */
export function claimOf(route: string, ownHosts: readonly string[]): RouteClaim {
  return routeClaimOf(route.startsWith("/") ? "path" : "host", route, "routes", ownHosts);
}

function checkedService(service: ServiceSpec, rules: SpecRules): ServiceSpec {
  const { name, iconUrl, settings } = service;
  requireServiceName(name, rules.reservedNames);
  checkEnv(service.env, "env");
  if (iconUrl !== null) checkedIconUrl(iconUrl, "iconUrl");
  return {
    ...service,
    settings: settings === null ? null : checkedSettings(settings, rules),
    routes: service.routes.map((route) => claimOf(route, rules.ownHosts).value).sort(),
  };
}

function checkEnv(env: Readonly<Record<string, string>>, field: string): void {
  for (const [key, value] of Object.entries(env)) {
    requireEnvKey(key, `${field}.${key}`);
    requireEnvValue(value, `${field}.${key}`);
  }
}

/** Says where in the document it is that something is wrong. */
export function at<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isAppError(error)) throw error;
    const { code, fields = {}, remedy, message } = error;
    const named = Object.entries(fields).map(([field, words]) => [
      field === "name" ? place : `${place}.${field}`,
      words,
    ]);
    const options = { cause: error, ...(remedy !== undefined && { remedy }) };
    if (named.length === 0)
      throw new AppError(code, `${place}: ${message}`, { ...options, fields: { [place]: [message] } });
    throw new AppError(code, `${place}.${message}`, { ...options, fields: Object.fromEntries(named) });
  }
}
