/**
 * Carries an upgrade out, beside the server: fetch, check, unpack, back the database up, switch the link, reload, look.
 * What does not come up well is switched back. Every step is noted in a file before it is taken, so that a run that was
 * killed is taken to an end by the next one.
 */

import { rm } from "node:fs/promises";
import { AppError, isAppError } from "../domain/errors.ts";
import type { UpgradeStatus } from "../domain/system.ts";
import type { ServerLook } from "./control-probe.ts";
import { isAlive } from "./process-alive.ts";
import { downloadRelease } from "./release-download.ts";
import { ReleaseFolders } from "./release-folders.ts";
import { UpgradeFiles, type UpgradeRequest } from "./upgrade-files.ts";
import { UpgradeLog } from "./upgrade-log.ts";

/** What the run needs of the server and its database. */
export type UpgradeHands = {
  /** Copies the database as it is now. Answers where to. */
  backUp(request: UpgradeRequest): Promise<string>;
  comingDeployments(databasePath: string): Promise<number>;
  /** The database comes back from that copy at the next start of control, if its schema was changed meanwhile. */
  takeBack(request: UpgradeRequest): Promise<void>;
  /** The server hands over to the code that the link leads to. @throws AppError `unavailable` when none runs */
  reload(): Promise<void>;
  look(): Promise<ServerLook | undefined>;
  /** What `slipway --version` of that program prints. @throws AppError `invalid` when it does not run */
  versionOf(bin: string): Promise<string>;
};

export type UpgradeRunOptions = {
  readonly dataDir: string;
  readonly hands: UpgradeHands;
  /** How long a version may take to be ready, in milliseconds. */
  readonly readyLimitMs: number;
  /** How long deployments under way are waited for, in milliseconds. */
  readonly patienceMs: number;
  readonly onLine: (line: string) => void;
  readonly now: () => number;
};

const LOOK_EVERY_MS = 250;
/** How long the version before may take to be ready again, at least, in milliseconds. */
const BACK_LIMIT_MS = 90_000;

/** For one process at a time, which the caller sees to. Answers how it ended; `idle` when nothing was asked for. @throws what makes it impossible even to say so */
export async function runUpgrade(options: UpgradeRunOptions): Promise<UpgradeStatus> {
  const files = new UpgradeFiles(options.dataDir);
  const begun = await files.running();
  if (begun !== undefined) await new Run(options, files, begun).resume();
  const request = await files.requested().catch(async (error: unknown) => {
    await files.dropRequest();
    throw error;
  });
  if (request === undefined) return files.status(isAlive);
  await new Run(options, files, request).carryOut();
  return files.status(isAlive);
}

class Run {
  readonly #options: UpgradeRunOptions;
  readonly #files: UpgradeFiles;
  readonly #log: UpgradeLog;
  readonly #folders: ReleaseFolders;
  #request: UpgradeRequest;

  constructor(options: UpgradeRunOptions, files: UpgradeFiles, request: UpgradeRequest) {
    this.#options = options;
    this.#files = files;
    this.#request = request;
    this.#folders = new ReleaseFolders(request.currentLink);
    this.#log = new UpgradeLog({ ...options, targetVersion: request.version, write: (s) => files.writeStatus(s) });
  }

  async carryOut(): Promise<void> {
    const { version, fromVersion } = this.#request;
    await this.#log.say(`upgrading from ${fromVersion} to ${version}`);
    await this.#files.take();
    try {
      const target = await this.#prepare();
      await this.#waitForDeployments();
      await this.#switch(target);
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** The run before was killed: what serves well stays, anything else goes back. */
  async resume(): Promise<void> {
    const { version, previousTarget } = this.#request;
    await this.#log.say(`taking up the upgrade to ${version}, which was interrupted`);
    try {
      if (previousTarget === undefined || (await this.#folders.current()) === previousTarget) {
        throw new AppError("cancelled", "The upgrade was interrupted before anything was changed.");
      }
      await this.#reloadAndLook(version);
      await this.#done();
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #prepare(): Promise<string> {
    const { version, tarballUrl, sha256 } = this.#request;
    const archive = this.#folders.partialPath(`${sha256.slice(0, 12)}.tar.gz`);
    await rm(archive, { force: true });
    await this.#log.say(`fetching ${tarballUrl}`);
    const sizeBytes = await downloadRelease(tarballUrl, sha256, archive);
    await this.#log.say(`unpacking ${sizeBytes} bytes`);
    const target = await this.#folders.add(archive, version, sha256).finally(() => rm(archive, { force: true }));
    const said = await this.#options.hands.versionOf(this.#folders.binOf(target)).catch(async (error: unknown) => {
      await this.#folders.remove(target);
      throw error;
    });
    if (said.includes(version)) return target;
    await this.#folders.remove(target);
    throw new AppError("invalid", `The new program says that it is ${said}, not ${version}.`);
  }

  async #waitForDeployments(): Promise<void> {
    const { hands, patienceMs } = this.#options;
    const isDone = await this.#until(
      patienceMs,
      async () => (await hands.comingDeployments(this.#request.databasePath)) === 0,
    );
    if (!isDone)
      throw new AppError("conflict", "Deployments are under way and do not end.", { remedy: "Try again later." });
  }

  async #switch(target: string): Promise<void> {
    const { hands } = this.#options;
    const backupPath = await hands.backUp(this.#request);
    await this.#log.say(`the database is backed up as ${backupPath}`);
    this.#request = { ...this.#request, previousTarget: await this.#folders.current(), backupPath };
    await this.#files.noteRunning(this.#request);
    await this.#folders.switchTo(target);
    await this.#log.say(`switched to ${target}`);
    await this.#reloadAndLook(this.#request.version);
    await this.#done();
  }

  async #done(): Promise<void> {
    await this.#files.finish();
    await this.#log.end("done", `${this.#request.version} serves`, null);
    await this.#folders.removeOld();
  }

  async #reloadAndLook(version: string, readyLimitMs = this.#options.readyLimitMs): Promise<void> {
    const { hands } = this.#options;
    await hands.reload();
    await this.#log.say(`waiting for ${version} to be ready`);
    const isReady = await this.#until(readyLimitMs, async () => {
      const seen = await hands.look();
      return seen?.version === version && seen.isReady;
    });
    if (isReady) return;
    throw new AppError("timeout", `${version} is not ready after ${Math.round(readyLimitMs / 1000)} s.`, {
      remedy: "Its log says why: journalctl -u slipway",
    });
  }

  async #fail(error: unknown): Promise<void> {
    const reason = wordsOf(error);
    const { previousTarget, fromVersion } = this.#request;
    await this.#log.say(`failed: ${reason}`);
    const changed = await this.#folders.current();
    if (previousTarget === undefined || changed === previousTarget) {
      await this.#files.finish();
      await this.#log.end("failed", "nothing was changed", reason);
      return;
    }
    // In this order: the newer code must not get the older database and change it again.
    await this.#folders.switchTo(previousTarget);
    await this.#log.say(`switched back to ${previousTarget}`);
    await this.#options.hands.takeBack(this.#request);
    // The server is still busy with the reload before: it waits for what does not come up.
    const limitMs = Math.max(this.#options.readyLimitMs, BACK_LIMIT_MS);
    const after = await this.#reloadAndLook(fromVersion, limitMs).then(() => undefined, wordsOf);
    await this.#files.finish();
    await this.#folders.remove(changed);
    if (after === undefined) await this.#log.end("failed", `${fromVersion} serves again`, reason);
    else await this.#log.end("failed", after, `${reason} Going back failed as well: ${after}`);
  }

  /** Whether it became true in time. */
  async #until(limitMs: number, isTrue: () => Promise<boolean>): Promise<boolean> {
    for (const end = performance.now() + limitMs; ; ) {
      if (await isTrue()) return true;
      if (performance.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

function wordsOf(error: unknown): string {
  if (!isAppError(error)) return error instanceof Error ? error.message : String(error);
  return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
}
