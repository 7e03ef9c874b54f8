/** Stages values of several variables and says what became of each. */

import type { CliContext } from "./cli-context.ts";
import { type EnvScope, EnvStaging, type Outcome } from "./env-scope.ts";
import type { ProjectScope } from "./project-scope.ts";

export type Staged = { readonly staged: readonly { readonly key: string; readonly outcome: Outcome }[] };

const WORDS: Readonly<Record<Outcome, string>> = {
  added: "is added to",
  changed: "changes in",
  removed: "goes from",
  unchanged: "is so already in",
};

export async function stageVariables(
  scope: ProjectScope,
  of: EnvScope,
  pairs: readonly (readonly [key: string, value: string])[],
  { output }: CliContext,
): Promise<Staged> {
  const staging = await EnvStaging.open(scope, of);
  const staged: Staged["staged"][number][] = [];
  for (const [key, value] of pairs) {
    const outcome = await staging.set(key, value);
    staged.push({ key, outcome });
    output.note(`${key}: ${WORDS[outcome]} ${of.words}`);
  }
  return { staged };
}
