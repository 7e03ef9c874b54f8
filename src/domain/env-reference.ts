/**
 * References in values of variables: `${{ name.HOST }}`, `.PORT` and `.URL` stand for another service of the project.
 * Shell variables such as `${HOME}` are no references. Pure. Seed: DeployKit's `${{ name.HOST }}`.
 */

export const REFERENCE_PARTS = ["HOST", "PORT", "URL"] as const;
export type ReferencePart = (typeof REFERENCE_PARTS)[number];

const REFERENCE = /\$\{\{\s*([A-Za-z0-9][A-Za-z0-9_-]*)\.(HOST|PORT|URL)\s*\}\}/g;

/** Names of the services a value refers to, lower case, each once, in order. */
export function referencesIn(value: string): readonly string[] {
  return [...new Set([...value.matchAll(REFERENCE)].map(([, name = ""]) => name.toLowerCase()))];
}

/** The value with each reference replaced; one that `lookUp` does not know stays as it is. */
export function replaceReferences(
  value: string,
  lookUp: (name: string, part: ReferencePart) => string | undefined,
): string {
  return value.replace(
    REFERENCE,
    (whole, name: string, part: ReferencePart) => lookUp(name.toLowerCase(), part) ?? whole,
  );
}

/** The same value about a service that has another name now. */
export function renameReferences(value: string, from: string, to: string): string {
  return value.replace(REFERENCE, (whole, name: string, part: ReferencePart) =>
    name.toLowerCase() === from ? `\${{ ${to}.${part} }}` : whole,
  );
}
