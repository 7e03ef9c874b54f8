/** Names of things as commands say them, and the paths of the API that name them. */

/** A function by name; without a project it is looked up in `default`. */
export type FunctionRef = { readonly name: string; readonly project?: string | undefined };
/** Without a function: set for all of the project. */
export type SecretRef = {
  readonly name: string;
  readonly function?: string | undefined;
  readonly project?: string | undefined;
};

export function secretPath({ name }: SecretRef): string {
  return `/api/secrets/${encodeURIComponent(name)}`;
}

export function pathOf(ref: FunctionRef): string {
  return `/api/functions/${encodeURIComponent(ref.name)}`;
}

export function deploymentPath(ref: FunctionRef, id: string): string {
  return `${pathOf(ref)}/deployments/${encodeURIComponent(id)}`;
}
