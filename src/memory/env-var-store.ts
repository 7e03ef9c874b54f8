/** Kept variables in memory. */

import type { EnvScope, EnvVar, EnvVarStore } from "../domain/env-var.ts";
import {
  compareText,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustGet,
  mustHaveOwner,
  patched,
  removeEnvScope,
} from "./memory-tables.ts";

export class MemoryEnvVarStore implements EnvVarStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  find(id: string): Promise<EnvVar | undefined> {
    return this.#access(({ envVars }) => kept(envVars.get(id)));
  }

  list({ projectId, scope, scopeId }: Parameters<EnvVarStore["list"]>[0]): Promise<readonly EnvVar[]> {
    return this.#access(({ envVars }) =>
      kept(
        [...envVars.values()]
          .filter((variable) => projectId === undefined || variable.projectId === projectId)
          .filter((variable) => scope === undefined || variable.scope === scope)
          .filter((variable) => scopeId === undefined || variable.scopeId === scopeId)
          .sort((a, b) => compareText(a.key, b.key) || compareText(a.id, b.id)),
      ),
    );
  }

  create(variable: EnvVar): Promise<void> {
    return this.#access(({ envVars, projects }) => {
      const { scope, scopeId } = variable;
      const neighbours = [...envVars.values()].filter((other) => other.scope === scope && other.scopeId === scopeId);
      mustBeFree(envVars.values(), "env var", "id", variable.id);
      mustBeFree(neighbours, "env var", "key", variable.key);
      mustHaveOwner(projects, variable.projectId);
      envVars.set(variable.id, kept(variable));
    });
  }

  update(id: string, patch: Parameters<EnvVarStore["update"]>[1]): Promise<EnvVar> {
    return this.#access(({ envVars }) => {
      const updated = patched(mustGet(envVars, "env var", id), patch);
      envVars.set(id, updated);
      return kept(updated);
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ envVars }) => {
      envVars.delete(id);
    });
  }

  removeScope(scope: EnvScope, scopeId: string): Promise<void> {
    return this.#access((tables) => removeEnvScope(tables, scope, scopeId));
  }
}
