/** Logins of registries: kept once the registry has accepted them, sealed, and handed out to the engine alone. */

import type { Clock } from "../domain/clock.ts";
import { AppError, invalidField, isAppError } from "../domain/errors.ts";
import {
  normalizeRegistryHost,
  type RegistryAdmin,
  type RegistryDriver,
  type RegistryLogin,
  type RegistryLogins,
  type RegistryRecord,
  type RegistryStore,
  registryHostOf,
  registryPurpose,
} from "../domain/registry.ts";
import type { SecretBox } from "../domain/secret.ts";

export type RegistryVaultOptions = {
  readonly store: RegistryStore;
  readonly box: SecretBox;
  readonly driver: Pick<RegistryDriver, "checkLogin">;
  readonly clock: Pick<Clock, "now">;
};

export class RegistryVault implements RegistryAdmin, RegistryLogins {
  readonly #options: RegistryVaultOptions;

  constructor(options: RegistryVaultOptions) {
    this.#options = options;
  }

  list(): Promise<readonly RegistryRecord[]> {
    return this.#options.store.list();
  }

  async logIn(login: RegistryLogin): Promise<RegistryRecord> {
    const { store, box, driver, clock } = this.#options;
    const host = normalizeRegistryHost(login.host);
    if (login.username === "") throw invalidField("username", "is empty", "Name the user of the registry.");
    await driver.checkLogin({ ...login, host }).catch((error: unknown) => {
      if (!isAppError(error, "unauthorized")) throw error;
      // Not `unauthorized`: that would be about the caller's own token.
      throw new AppError("invalid", `${host} does not accept this username and password; nothing was stored.`, {
        cause: error,
        fields: { password: ["is not accepted by the registry"] },
        remedy: "Check both; many registries want a token of their own instead of the account's password.",
      });
    });
    const before = await store.find(host);
    const now = clock.now();
    const record: RegistryRecord = {
      host,
      username: login.username,
      sealedPassword: box.seal(new TextEncoder().encode(login.password), registryPurpose(host)),
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
    await store.put(record);
    return record;
  }

  async logOut(typed: string): Promise<void> {
    const { store } = this.#options;
    const host = normalizeRegistryHost(typed);
    if ((await store.find(host)) === undefined)
      throw new AppError("not_found", `There is no login for ${host}.`, {
        remedy: "See what there is: slipway registry list.",
      });
    await store.remove(host);
  }

  async findFor(reference: string): Promise<RegistryLogin | undefined> {
    const { store, box } = this.#options;
    const host = registryHostOf(reference);
    const record = await store.find(host);
    if (record === undefined) return undefined;
    const password = new TextDecoder().decode(box.open(record.sealedPassword, registryPurpose(host)));
    return { host, username: record.username, password };
  }
}
