/** Users, sessions, API keys and the audit log of a server as methods: one per call. */

import type { PageView } from "./api-views.ts";
import type { HttpClient } from "./http-client.ts";

export type UserView = {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: "admin" | "member";
  readonly created_at: string;
  readonly updated_at: string;
};

export type ApiKeyView = {
  readonly id: string;
  readonly description: string;
  /** First characters of the token. */
  readonly prefix: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly created_at: string;
};

export type AuditRecordView = {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly status: number;
  readonly from: string;
};

export type UserChanges = {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly role?: string | undefined;
  readonly password?: string | undefined;
};

const PAGE = 100;

export class PeopleClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  logIn(email: string, password: string): Promise<{ readonly access_token: string }> {
    return this.#http.json("/api/auth/login", { method: "POST", json: { email, password } });
  }

  /** Newest first. `email`: only those with that part in it. */
  listUsers(email?: string): Promise<readonly UserView[]> {
    return this.#pages("/api/users", { email }, Number.POSITIVE_INFINITY);
  }

  createUser(user: UserChanges): Promise<UserView> {
    return this.#http.json("/api/users", { method: "POST", json: user });
  }

  updateUser(id: string, changes: UserChanges): Promise<UserView> {
    return this.#http.json(userPath(id), { method: "PATCH", json: changes });
  }

  async deleteUser(id: string): Promise<void> {
    await this.#http.send(userPath(id), { method: "DELETE" });
  }

  /** The own ones, newest first. */
  async listApiKeys(): Promise<readonly ApiKeyView[]> {
    return (await this.#http.json<{ readonly data: readonly ApiKeyView[] }>("/api/api-keys")).data;
  }

  /** `expiresAt`: RFC 3339; null: never. */
  createApiKey(description: string, expiresAt: string | null): Promise<ApiKeyView & { readonly token: string }> {
    return this.#http.json("/api/api-keys", { method: "POST", json: { description, expires_at: expiresAt } });
  }

  async deleteApiKey(id: string): Promise<void> {
    await this.#http.send(`/api/api-keys/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** Newest first, at most `limit`. */
  audit(
    filter: { readonly search?: string | undefined; readonly user_id?: string | undefined },
    limit: number,
  ): Promise<readonly AuditRecordView[]> {
    return this.#pages("/api/audit", filter, limit);
  }

  async #pages<T>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    most: number,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    for (;;) {
      const limit = Math.min(PAGE, most - all.length);
      const page = await this.#http.json<PageView<T>>(path, { query: { ...query, limit, offset: all.length } });
      all.push(...page.data);
      if (page.data.length === 0 || all.length >= Math.min(page.total_count, most)) return all;
    }
  }
}

function userPath(id: string): string {
  return `/api/users/${encodeURIComponent(id)}`;
}
