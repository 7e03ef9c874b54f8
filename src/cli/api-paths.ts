/** Paths of the API that name something. */

import type { FunctionRef, SecretRef } from "./api-client.ts";

export function secretPath({ name }: SecretRef): string {
  return `/api/secrets/${encodeURIComponent(name)}`;
}

export function pathOf(ref: FunctionRef): string {
  return `/api/functions/${encodeURIComponent(ref.name)}`;
}

export function deploymentPath(ref: FunctionRef, id: string): string {
  return `${pathOf(ref)}/deployments/${encodeURIComponent(id)}`;
}
