/** API keys in memory. */

import type { ApiKey, ApiKeyStore } from "../domain/api-key.ts";
import { byNewest, kept, type MemoryAccess, mustBeFree, mustHaveOwner } from "./memory-tables.ts";

export class MemoryApiKeyStore implements ApiKeyStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  findByHash(hash: string): Promise<ApiKey | undefined> {
    return this.#access(({ apiKeys }) => kept([...apiKeys.values()].find((key) => key.tokenHash === hash)));
  }

  find(id: string): Promise<ApiKey | undefined> {
    return this.#access(({ apiKeys }) => kept(apiKeys.get(id)));
  }

  list(userId: string): Promise<readonly ApiKey[]> {
    return this.#access(({ apiKeys }) =>
      kept([...apiKeys.values()].filter((key) => key.userId === userId).sort(byNewest)),
    );
  }

  create(key: ApiKey): Promise<void> {
    return this.#access(({ apiKeys, users }) => {
      mustBeFree(apiKeys.values(), "api key", "id", key.id);
      mustBeFree(apiKeys.values(), "api key", "tokenHash", key.tokenHash);
      mustHaveOwner(users, key.userId);
      apiKeys.set(key.id, kept(key));
    });
  }

  touch(id: string, lastUsedAt: number): Promise<void> {
    return this.#access(({ apiKeys }) => {
      const key = apiKeys.get(id);
      if (key !== undefined) apiKeys.set(id, { ...key, lastUsedAt });
    });
  }

  remove(id: string): Promise<void> {
    return this.#access(({ apiKeys }) => {
      apiKeys.delete(id);
    });
  }
}
