/** What an upgrade does with the server beside which it runs, and with its database. */

import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { commitRestore, openStaging } from "../backup/pending-restore.ts";
import { DATABASE_NAME } from "../domain/backup.ts";
import { COMING } from "../domain/deployment.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { run } from "../lib/run.ts";
import { countDeployments, inspectDatabase } from "../store/inspect-database.ts";
import { DataDirectoryLock } from "../store/lock.ts";
import { backUpSqlite } from "../store/sqlite-backup.ts";
import { lookAtServer } from "../sysinfo/control-probe.ts";
import type { UpgradeHands } from "../sysinfo/upgrade-run.ts";

/** How many copies of the database from before upgrades are kept. */
const KEPT_COPIES = 5;
const VERSION_LIMIT_MS = 30_000;

export function upgradeHands(dataDir: string, env: NodeJS.ProcessEnv): UpgradeHands {
  const copies = join(dataDir, "backups");
  return {
    async backUp({ databasePath, fromVersion }) {
      await makeFolder(copies, 0o700);
      const stamp = new Date().toISOString().replace(/[-:]/g, "").replace(".", "");
      const path = join(copies, `${stamp}-${fromVersion}.db`);
      await backUpSqlite(databasePath, path);
      const old = (await readdir(copies)).filter((name) => name.endsWith(".db")).toSorted();
      for (const name of old.slice(0, -KEPT_COPIES)) await rm(join(copies, name));
      return path;
    },
    comingDeployments: async (databasePath) => countDeployments(databasePath, COMING),
    async takeBack({ databasePath, backupPath }) {
      const { schema, newestSchema } = inspectDatabase(databasePath);
      if (schema <= newestSchema || backupPath === undefined) return;
      const staging = await openStaging(dataDir);
      await mkdir(staging, { mode: 0o700 });
      await copyFile(backupPath, join(staging, DATABASE_NAME));
      await commitRestore({ dataDir, databasePath, passfile: "" }, staging, { scope: "database" }, Date.now());
    },
    reload: async () => void process.kill(await serverPid(dataDir), "SIGHUP"),
    look: () => lookAtServer(join(dataDir, "control.sock")),
    async versionOf(bin) {
      const { exitCode, stdout, stderr } = await run(bin, ["--version"], { timeoutMs: VERSION_LIMIT_MS, env });
      if (exitCode === 0) return stdout.trim();
      throw new AppError("invalid", `The new program does not start: ${stderr.trim().slice(-500)}`);
    },
  };
}

/** Of the holder, which outlives what is upgraded. @throws AppError `unavailable` when no server has the directory */
async function serverPid(dataDir: string): Promise<number> {
  // Any other trouble with the lock says nothing: the pid in the file may be anybody's by now.
  const lock = await DataDirectoryLock.acquire(dataDir).catch((error: unknown) => {
    if (!isAppError(error, "conflict")) throw error;
    return undefined;
  });
  if (lock !== undefined) {
    await lock.release();
    throw new AppError("unavailable", `No server runs on ${dataDir}.`, { remedy: "Start it: systemctl start slipway" });
  }
  return Number((await readFile(join(dataDir, "slipway.pid"), "utf8")).trim());
}
