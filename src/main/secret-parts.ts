/** Everything that has to do with secrets: the key, the vaults, and the files that instances see. */

import { join } from "node:path";
import { RegistryVault } from "../auth/registry-vault.ts";
import { openSecretBox } from "../auth/secret-box.ts";
import type { Driver } from "../domain/driver.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { SecretBox } from "../domain/secret.ts";
import type { Database } from "../domain/stores.ts";
import { run } from "../lib/run.ts";
import { systemClock } from "../lib/system-clock.ts";
import { NO_SECRET_FILES, type SecretDelivery, SecretFiles } from "../reconciler/secret-files.ts";
import { openSecretFolder } from "../reconciler/secret-folder.ts";
import { SecretVault } from "../reconciler/secret-vault.ts";
import type { Config } from "./config.ts";

export type SecretPartsOptions = {
  readonly config: Pick<Config, "dataDir" | "driver" | "secretsDir">;
  readonly database: Database;
  readonly driver: Pick<Driver, "checkLogin">;
  readonly events: EventBus;
  readonly serverId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
};

export type SecretParts = {
  readonly secrets: SecretVault;
  readonly secretFiles: SecretDelivery;
  readonly registries: RegistryVault;
  close(): Promise<void>;
};

const MOUNT_LIMIT_MS = 10_000;

/** All files are written when it resolves. @throws AppError about the key, or when secrets can be kept nowhere in memory */
export async function openSecretParts(options: SecretPartsOptions): Promise<SecretParts> {
  const { config, database, driver } = options;
  const clock = systemClock;
  const box = await openSecretBox({
    keyPath: join(config.dataDir, "master.key"),
    hasSealed: async () => (await database.secrets.list()).length > 0 || (await database.registries.list()).length > 0,
  });
  // The memory driver's instances are no processes: nobody could read a file.
  const files = config.driver === "memory" ? undefined : await openFiles(options, box);
  await files?.writeAll();
  const secretFiles = files ?? NO_SECRET_FILES;
  return {
    secrets: new SecretVault({ database, box, files: secretFiles, clock }),
    secretFiles,
    registries: new RegistryVault({ store: database.registries, box, driver, clock }),
    close: async () => files?.close(),
  };
}

async function openFiles(options: SecretPartsOptions, box: SecretBox): Promise<SecretFiles> {
  const { config, database, events, serverId, env, logger } = options;
  const uid = process.getuid?.() ?? 0;
  const runtimeDir = env.XDG_RUNTIME_DIR;
  const folder = await openSecretFolder({
    wanted: config.secretsDir,
    fallbacks: [...(runtimeDir === undefined ? [] : [join(runtimeDir, "slipway")]), `/dev/shm/slipway-${uid}`],
    mount: uid === 0 ? mountTmpfs : undefined,
    serverId,
    logger,
  });
  return new SecretFiles({ folder, stores: database, box, events, logger });
}

async function mountTmpfs(folder: string): Promise<void> {
  const options = "mode=0700,nosuid,nodev,noexec";
  const { exitCode, stderr } = await run("mount", ["-t", "tmpfs", "-o", options, "slipway-secrets", folder], {
    timeoutMs: MOUNT_LIMIT_MS,
  });
  if (exitCode !== 0) throw new Error(`no tmpfs can be mounted on ${folder}: ${stderr.trim()}`);
}
