/** What a holder hands to its workers, as environment variables: both directions in one place. */

import { formatListenAddress, parseListenAddress } from "./listen-address.ts";
import type { WorkerOptions } from "./worker.ts";
import type { WorkerUser } from "./worker-user.ts";

export type WorkerSettings = Omit<WorkerOptions, "logger" | "version"> & {
  /** Whom it becomes before it does anything else; undefined: it stays who it is. */
  readonly user: WorkerUser | undefined;
};

/** Also in control's environment: which holder it belongs to. */
export const HOLDER_ID = "SLIPWAY_HOLDER_ID";
const ADDRESS = "SLIPWAY_WORKER_ADDRESS";
const DATA_DIR = "SLIPWAY_WORKER_DATA_DIR";
const USER = "SLIPWAY_WORKER_USER";
const TRUSTED_PROXIES = "SLIPWAY_WORKER_TRUSTED_PROXIES";

export function toWorkerEnv(settings: WorkerSettings): Record<string, string> {
  return {
    [HOLDER_ID]: settings.holderId,
    [ADDRESS]: formatListenAddress(settings.address),
    [DATA_DIR]: settings.dataDir,
    [USER]: settings.user === undefined ? "" : JSON.stringify(settings.user),
    [TRUSTED_PROXIES]: settings.trustedProxies.join(","),
  };
}

/** @throws Error when it was not made by `toWorkerEnv` */
export function readWorkerEnv(env: NodeJS.ProcessEnv): WorkerSettings {
  const holderId = env[HOLDER_ID];
  const dataDir = env[DATA_DIR];
  if (holderId === undefined || dataDir === undefined)
    throw new Error("a gateway worker is started by the server only");
  return {
    holderId,
    dataDir,
    address: parseListenAddress(env[ADDRESS] ?? ""),
    user: env[USER] ? JSON.parse(env[USER]) : undefined,
    trustedProxies: (env[TRUSTED_PROXIES] ?? "").split(",").filter((range) => range !== ""),
  };
}
