/** Secrets as their owners change them, and as builds and deployments are given them. Values leave it as bytes only. */

import type { Clock } from "../domain/clock.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import { requireServiceName } from "../domain/names.ts";
import { DEFAULT_PROJECT_SLUG, type Project } from "../domain/project.ts";
import type { RolloutSettings } from "../domain/rollout.ts";
import {
  MAX_BUILD_SECRET_BYTES,
  requireSecretName,
  requireSecretSize,
  type SecretAdmin,
  type SecretBox,
  type SecretKey,
  type SecretRecord,
  secretPurpose,
} from "../domain/secret.ts";
import type { Database, Stores } from "../domain/stores.ts";
import { newId } from "../lib/ids.ts";
import type { SecretDelivery } from "./secret-files.ts";
import { readNamedSecrets } from "./secret-records.ts";

export type SecretVaultOptions = {
  readonly database: Database;
  readonly box: SecretBox;
  readonly files: Pick<SecretDelivery, "changed">;
  readonly clock: Pick<Clock, "now">;
};

/** What a build is given of its secrets. */
export type BuildSecrets = {
  readonly values: Readonly<Record<string, Uint8Array>>;
  /** By name; another one whenever the secret was set anew. */
  readonly versions: Readonly<Record<string, string>>;
};

/** Ids of BuildKit secrets that the builder itself hands over start so. */
const OWN_PREFIX = "slipway-";

export class SecretVault implements SecretAdmin {
  readonly #options: SecretVaultOptions;

  constructor(options: SecretVaultOptions) {
    this.#options = options;
  }

  list(filter: { readonly projectId?: string; readonly functionName?: string }): Promise<readonly SecretRecord[]> {
    return this.#options.database.secrets.list(filter);
  }

  create(key: SecretKey, value: Uint8Array): Promise<SecretRecord> {
    return this.#write(key, value, (before) => {
      if (before === undefined) return;
      throw new AppError("conflict", `The secret ${key.name} is set already${whose(key)}.`, {
        fields: { name: ["is set already"] },
        remedy: "Replace it with PUT /api/secrets/:name, or `slipway secret set`.",
      });
    });
  }

  put(key: SecretKey, value: Uint8Array): Promise<SecretRecord> {
    return this.#write(key, value, () => undefined);
  }

  async remove(key: SecretKey): Promise<void> {
    const { database, files } = this.#options;
    await database.transact(async ({ secrets }) => {
      if ((await secrets.find(key)) === undefined)
        throw new AppError("not_found", `There is no secret ${key.name}${whose(key)}.`, {
          remedy: "See what there is: slipway secret list.",
        });
      await secrets.remove(key);
    });
    await files.changed(key.projectId, key.functionName);
  }

  /** All secrets that are the function's alone; project-wide ones stay. Idempotent. */
  async removeAllOf(projectId: string, functionName: string): Promise<void> {
    const { database, files } = this.#options;
    const own = await database.secrets.list({ projectId, functionName });
    if (own.length === 0) return;
    await database.transact(async ({ secrets }) => {
      for (const secret of own) await secrets.remove(secret);
    });
    await files.changed(projectId, functionName);
  }

  /**
   * The function's own secrets go along with its new name; in a transaction of the caller, who has the files written anew.
   * Answers whether there were any.
   * @throws AppError `conflict` when secrets wait under the new name
   */
  async moveOwn(tx: Pick<Stores, "secrets">, projectId: string, from: string, to: string): Promise<boolean> {
    const { box } = this.#options;
    const own = await tx.secrets.list({ projectId, functionName: from });
    if (own.length === 0) return false;
    if ((await tx.secrets.list({ projectId, functionName: to })).length > 0)
      throw new AppError("conflict", `name: secrets are set for ${to} already.`, {
        fields: { name: ["has secrets of its own already"] },
        remedy: `Delete them first: slipway secret list ${to}.`,
      });
    for (const secret of own) {
      const moved = { ...secret, functionName: to };
      await tx.secrets.remove(secret);
      await tx.secrets.put({ ...moved, sealed: box.seal(this.#open(secret), secretPurpose(moved)) });
    }
    return true;
  }

  /**
   * Whether a deployment has the secrets it asks for. Answers the versions of those that go into its build.
   * @throws AppError `invalid` naming the first that is set nowhere and the command that sets it, or that no build can have
   */
  async requireFor(
    project: Project,
    functionName: string,
    settings: Pick<RolloutSettings, "secrets" | "buildInputs">,
  ): Promise<BuildSecrets["versions"]> {
    await this.#requireSet(project, functionName, "secrets", settings.secrets);
    const found = await this.#requireSet(project, functionName, "build.secrets", settings.buildInputs.secrets);
    for (const [name, record] of found) requireBuildable(name, this.#open(record).length);
    return versionsOf(found);
  }

  /** The contents for a build. @throws AppError `build_failed` when one was removed meanwhile */
  async forBuild(projectId: string, functionName: string, names: readonly string[]): Promise<BuildSecrets> {
    const found = await readNamedSecrets(this.#options.database.secrets, projectId, functionName, names);
    const missing = names.find((name) => !found.has(name));
    if (missing !== undefined) {
      throw new AppError("build_failed", `The build needs the secret ${missing}, which is set nowhere.`, {
        remedy: `Set it: slipway secret set ${functionName} ${missing}`,
      });
    }
    const values = [...found].map(([name, record]) => [name, this.#open(record)] as const);
    return { values: Object.fromEntries(values), versions: versionsOf(found) };
  }

  async #requireSet(project: Project, functionName: string, field: string, names: readonly string[]) {
    const found = await readNamedSecrets(this.#options.database.secrets, project.id, functionName, names);
    const missing = names.find((name) => !found.has(name));
    if (missing === undefined) return found;
    const where = project.slug === DEFAULT_PROJECT_SLUG ? "" : ` --project ${project.slug}`;
    throw invalidField(
      field,
      `${missing} is set neither for ${functionName} nor for all functions`,
      `Set it: slipway secret set ${functionName} ${missing}${where} (or, for all functions: slipway secret set --all-functions ${missing}${where})`,
    );
  }

  async #write(
    key: SecretKey,
    value: Uint8Array,
    check: (before: SecretRecord | undefined) => void,
  ): Promise<SecretRecord> {
    const { database, box, clock, files } = this.#options;
    requireSecretName(key.name);
    if (key.functionName !== null) requireFunctionName(key.functionName);
    requireSecretSize(value);
    const record = await database.transact(async ({ secrets }) => {
      const before = await secrets.find(key);
      check(before);
      const now = clock.now();
      const written: SecretRecord = {
        ...key,
        id: before?.id ?? newId(),
        sealed: box.seal(value, secretPurpose(key)),
        createdAt: before?.createdAt ?? now,
        // Two changes in the same millisecond are two versions.
        updatedAt: before === undefined ? now : Math.max(now, before.updatedAt + 1),
      };
      await secrets.put(written);
      return written;
    });
    await files.changed(key.projectId, key.functionName);
    return record;
  }

  #open(record: SecretRecord): Uint8Array {
    return this.#options.box.open(record.sealed, secretPurpose(record));
  }
}

/** Whether or not it is there yet, it must be possible. */
function requireFunctionName(name: string): void {
  try {
    requireServiceName(name, []);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const words = error.message.replace(/^name: /, "");
    throw invalidField("function", words, error.remedy);
  }
}

function requireBuildable(name: string, sizeBytes: number): void {
  if (name.startsWith(OWN_PREFIX))
    throw invalidField(
      "build.secrets",
      `${name}: names with ${OWN_PREFIX} are the builder's own`,
      "Rename the secret.",
    );
  if (sizeBytes > MAX_BUILD_SECRET_BYTES)
    throw invalidField(
      "build.secrets",
      `${name} has ${sizeBytes} bytes, a build takes ${MAX_BUILD_SECRET_BYTES}`,
      "Hand a smaller one to the build.",
    );
}

function versionsOf(found: ReadonlyMap<string, SecretRecord>): Readonly<Record<string, string>> {
  return Object.fromEntries([...found].map(([name, { id, updatedAt }]) => [name, `${id}:${updatedAt}`]));
}

function whose({ functionName }: SecretKey): string {
  return functionName === null ? " for all functions" : ` for ${functionName}`;
}
