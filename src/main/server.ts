/** `slipway server`: checks what it is given, takes the data directory, then runs the holder until told to stop. */

import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openPasskey } from "../auth/passkey.ts";
import { applyPendingRestore } from "../backup/pending-restore.ts";
import { runHolder } from "../gateway/holder.ts";
import { LineLogger } from "../gateway/line-logger.ts";
import type { WorkerUser } from "../gateway/worker-user.ts";
import { randomHex } from "../lib/ids.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { DataDirectoryLock } from "../store/lock.ts";
import { type Config, type ConfigInput, readConfig } from "./config.ts";
import { findGatewayUser, openDataDir, PRIVATE_UMASK } from "./gateway-user.ts";
import { lockPrefix } from "./prefix-lock.ts";
import { serverUrl } from "./urls.ts";

/** In control's environment: the flags of the server, and the token that a fresh one is claimed with. */
export const FLAGS_ENV = "SLIPWAY_SERVER_FLAGS";
export const SETUP_TOKEN_ENV = "SLIPWAY_SETUP_TOKEN_ONCE";

export function configInput(flags: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): ConfigInput {
  return { flags, env, isRoot: process.getuid?.() === 0, cores: availableParallelism() };
}

/** Resolves with the exit status. @throws AppError `invalid` (configuration), `conflict` (data directory or prefix in use) */
export async function runServer(flags: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): Promise<number> {
  const config = readConfig(configInput(flags, env));
  const user = await findGatewayUser(config.gatewayUser, process.getuid?.() === 0);
  if (user !== undefined) process.umask(PRIVATE_UMASK);
  await makeFolder(config.dataDir, 0o700);
  const lock = await DataDirectoryLock.acquire(config.dataDir);
  let prefixLock: Awaited<ReturnType<typeof lockPrefix>>;
  try {
    prefixLock = await lockPrefix(config, { env, isRoot: process.getuid?.() === 0 });
    await applyPendingRestore(config);
    const setupToken = (await exists(config.databasePath)) ? undefined : randomHex(16);
    await announcePasskey(config);
    if (user !== undefined) await openDataDir(config.dataDir, user);
    return await hold({ config, flags, env, setupToken, user });
  } finally {
    await prefixLock?.release();
    await lock.release();
  }
}

/** Where children start from: a reload after an upgrade takes the new release, which the installer links there. */
function moduleFolder(env: NodeJS.ProcessEnv): string {
  const codeDir = env.SLIPWAY_CODE_DIR;
  return codeDir === undefined ? import.meta.dirname : join(codeDir, "src/main");
}

type Holding = {
  readonly config: Config;
  readonly flags: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  readonly setupToken: string | undefined;
  readonly user: WorkerUser | undefined;
};

function hold({ config, flags, env, setupToken, user }: Holding): Promise<number> {
  return runHolder({
    workerModule: join(moduleFolder(env), "worker-process.ts"),
    controlModule: join(moduleFolder(env), "control-process.ts"),
    args: [],
    env,
    controlEnv: {
      [FLAGS_ENV]: JSON.stringify(flags),
      ...(setupToken !== undefined && { [SETUP_TOKEN_ENV]: setupToken }),
    },
    address: { host: config.address.host ?? undefined, port: config.address.port },
    workerCount: config.gatewayWorkers,
    dataDir: config.dataDir,
    trustedProxies: config.trustedProxies,
    workerUser: user,
    logger: new LineLogger(config.logLevel),
    onReady: ({ port }) => {
      const url = serverUrl(config, port);
      if (setupToken !== undefined) say(`slipway: claim it at ${url}/setup?token=${setupToken}`);
      say(`slipway: ready on ${url}`);
    },
    onFatal: (message) => process.stderr.write(`slipway: ${message}\n`),
  });
}

async function announcePasskey(config: Config): Promise<void> {
  const { created } = await openPasskey(config.passfile);
  if (created === null) return;
  say(`slipway: your passkey is ${created}`);
  say(`slipway: it is kept in ${config.passfile}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
