/** Names: what a service, project or runtime may be called, and what is derived from it. Pure. */

import { invalidField } from "./errors.ts";
import { DEFAULT_PROJECT_SLUG } from "./project.ts";

/** Host labels that can never be a function's. The platform's own first label is added by configuration. */
export const RESERVED_ROUTE_NAMES: readonly string[] = [
  "localhost",
  "www",
  "api",
  "admin",
  "slipway",
  "proxy",
  "faaso",
  "faaso-proxy",
  "funko",
];

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The nearest name that would be allowed, e.g. `My_App` → `my-app`. Empty when nothing is left of it. */
export function suggestName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
}

/** @throws AppError `invalid` when `name` can't be a service's name; the remedy names one that can. */
export function requireServiceName(name: string, reserved: readonly string[] = RESERVED_ROUTE_NAMES): void {
  if (!DNS_LABEL.test(name)) {
    const suggestion = suggestName(name);
    throw invalidField(
      "name",
      `${JSON.stringify(name)} is not a DNS label (a-z, 0-9 and -, 1 to 63 characters, no - at either end)`,
      suggestion === "" ? "Choose a name such as hello." : `Use ${suggestion}, for example.`,
    );
  }
  if (/^[0-9]+$/.test(name)) {
    throw invalidField(
      "name",
      `${name} has digits only, which a host name cannot start with here`,
      `Use fn-${name}, for example.`,
    );
  }
  if (reserved.includes(name)) {
    throw invalidField("name", `${name} is reserved for the platform`, `Use my-${name}, for example.`);
  }
}

/** The first host label a service answers to: its name in project `default`, else `<name>-<project slug>`. */
export function routeNameOf(serviceName: string, projectSlug: string): string {
  return projectSlug === DEFAULT_PROJECT_SLUG ? serviceName : `${serviceName}-${projectSlug}`;
}

/** @throws AppError `invalid` for a runtime name that can't be a file or URL part. */
export function requireRuntimeName(name: string): void {
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62})$/.test(name) || name.includes("..")) {
    throw invalidField(
      "name",
      `${JSON.stringify(name)} is no runtime name (letters, digits, . _ -, 1 to 63 characters)`,
    );
  }
}

const IMAGE_REPOSITORY = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*$/;
const IMAGE_TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** `repository:tag` of a lambdaathome tag, `:latest` added. @throws AppError `invalid` */
export function normalizeImageTag(tag: string): string {
  const colon = tag.lastIndexOf(":");
  const repository = colon > 0 ? tag.slice(0, colon) : tag;
  const version = colon > 0 ? tag.slice(colon + 1) : "latest";
  if (repository.length > 200 || !IMAGE_REPOSITORY.test(repository) || !IMAGE_TAG.test(version)) {
    throw invalidField(
      "tag",
      `${JSON.stringify(tag)} is no image tag`,
      "Use lower-case letters, digits, - and /, for example my-api or my-api:1.",
    );
  }
  return `${repository}:${version}`;
}

/** A project's slug is a DNS label of at most 47 characters. @throws AppError `invalid` */
export function requireProjectSlug(slug: string): void {
  if (slug.length <= 47 && DNS_LABEL.test(slug)) return;
  const suggestion = suggestName(slug.slice(0, 47));
  throw invalidField(
    "slug",
    `${JSON.stringify(slug.slice(0, 80))} is not a DNS label (a-z, 0-9 and -, 1 to 47 characters, no - at either end)`,
    suggestion === "" ? "Leave it out to have one made." : `Use ${suggestion}, for example.`,
  );
}
