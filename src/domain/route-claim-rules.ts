/** Which hosts and paths a service may have beside its name. Pure. */

import { AppError, invalidField } from "./errors.ts";
import type { RouteClaim } from "./route-claim.ts";

/** First segments of paths that are the platform's own (design 2, order of matching). */
export const PLATFORM_PATHS: readonly string[] = [
  "api",
  "function",
  "runtime",
  "funko",
  "faaso",
  "setup",
  "assets",
  "healthz",
  "readyz",
  "metrics",
];

const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;
const SEGMENT = /^[A-Za-z0-9._~!$&'()*+,;=:@-]+$/;

/**
 * A host or path as somebody wrote it, in the form it is matched in.
 * @param field what to call it in errors, e.g. `routes[0]`; empty: just host or path
 * @param ownHosts hosts that are the platform's own
 * @throws AppError `invalid`; `conflict` for what is the platform's
 */
export function routeClaimOf(
  kind: RouteClaim["kind"],
  text: string,
  field: string,
  ownHosts: readonly string[],
): RouteClaim {
  const name = field === "" ? kind : `${field}.${kind}`;
  return kind === "host" ? hostClaim(text, name, ownHosts) : pathClaim(text, name);
}

function hostClaim(text: string, field: string, ownHosts: readonly string[]): RouteClaim {
  const value = text.toLowerCase().replace(/\.$/, "");
  const isAddress = /^[0-9.]+$/.test(value);
  if (!HOST.test(value) || isAddress)
    throw invalidField(field, `${JSON.stringify(text)} is no host name`, "Write it as hello.example.com.");
  if (ownHosts.includes(value) || value.endsWith(".localhost"))
    throw conflict(field, `${value} is the platform's own.`, "Use a host that leads nowhere else.");
  return { kind: "host", value };
}

function pathClaim(text: string, field: string): RouteClaim {
  const value = text.replace(/\/+$/, "");
  const [empty, ...segments] = value.split("/");
  const isPath =
    empty === "" && segments.length > 0 && segments.every((s) => SEGMENT.test(s) && s !== "." && s !== "..");
  if (!isPath) throw invalidField(field, `${JSON.stringify(text)} is no path`, "Write it as /sum or /tools/sum.");
  if (PLATFORM_PATHS.includes(segments[0] ?? ""))
    throw conflict(field, `/${segments[0]} is the platform's own.`, "Choose a path with another first part.");
  return { kind: "path", value };
}

function conflict(field: string, what: string, remedy: string): AppError {
  return new AppError("conflict", `${field}: ${what}`, { fields: { [field]: [what] }, remedy });
}
