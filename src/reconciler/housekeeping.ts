/** Clears away what nobody refers to any more, now and then, and warns before the disk is full. */

import { statfs } from "node:fs/promises";
import { KEPT_AUDIT_RECORDS } from "../domain/audit.ts";
import { type BuildLogs, type ImageBuilder, KEPT_IMAGES } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import type { EngineDriver, ImageDriver } from "../domain/driver.ts";
import { pulledOwner } from "../domain/image-fetch.ts";
import { LABELS } from "../domain/labels.ts";
import type { Logger } from "../domain/logger.ts";
import { deploymentsToForget, imagesToKeep, KEPT_DEPLOYMENTS } from "../domain/rollout.ts";
import type { SourceFiles } from "../domain/source.ts";
import type { Database } from "../domain/stores.ts";

export type HousekeepingOptions = {
  readonly database: Database;
  readonly sources: Pick<SourceFiles, "list" | "remove">;
  readonly buildLogs: Pick<BuildLogs, "list" | "remove">;
  readonly builder: Pick<ImageBuilder, "pruneImages">;
  readonly driver: Pick<ImageDriver, "listImages"> & Pick<EngineDriver, "prune" | "info">;
  /** Removes runtime files that no runtime refers to (lambdaathome's CleanUnusedRuntimes). */
  readonly removeUnreferencedRuntimeFiles: () => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
  /** Start of image names, e.g. `slipway`. */
  readonly prefix: string;
  readonly dataDir: string;
  /** Free bytes below which it warns. */
  readonly diskWarningBytes: number;
  readonly onDiskFree: (path: string, bytes: number) => void;
};

/** Dangling images and build cache are kept this long. */
const PRUNE_OLDER_THAN_MS = 24 * 3_600_000;
/** Pruning the engine costs it something: not at every round. */
const PRUNE_EVERY_MS = 3_600_000;
/** The chores that remove what a backup takes from the disk. */
const CLEARS_FILES: ReadonlySet<string> = new Set(["runtimes", "buildLogs", "sources"]);

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #cancel: () => void = () => undefined;
  #prunedAt = 0;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;
  #holds = 0;
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#round().finally(() => {
      if (!this.#isClosed) this.#cancel = this.#options.clock.schedule(this.#options.intervalMs, () => this.start());
    });
  }

  /** From when it resolves no file is removed, until the answered function is called. */
  async hold(): Promise<() => void> {
    let isHeld = true;
    this.#holds += 1;
    await this.#clearing;
    return () => {
      if (isHeld) this.#holds -= 1;
      isHeld = false;
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  async #round(): Promise<void> {
    const { logger } = this.#options;
    const chores = {
      runtimes: () => this.#runtimes(),
      history: () => this.#history(),
      buildLogs: () => this.#buildLogs(),
      sources: () => this.#sources(),
      audit: () => this.#options.database.audit.keepNewest(KEPT_AUDIT_RECORDS),
      images: () => this.#images(),
      disk: () => this.#disk(),
      engine: () => this.#engine(),
    };
    for (const [chore, work] of Object.entries(chores)) {
      if (this.#isClosed) return;
      const clearsFiles = CLEARS_FILES.has(chore);
      if (clearsFiles && this.#holds > 0) continue;
      const working = work().catch((error: unknown) =>
        logger.warn({ err: error, chore }, "clean-up failed, the next round tries again"),
      );
      if (clearsFiles) this.#clearing = working;
      await working;
    }
  }

  /** Deployments nobody needs any more, and builds that no deployment names. */
  async #history(): Promise<void> {
    const { database } = this.#options;
    for (const { id: serviceId } of await database.services.list()) {
      await database.transact(async (tx) => {
        const service = await tx.services.find(serviceId);
        const all = await tx.deployments.list({ serviceId });
        if (service === undefined || all.length <= KEPT_DEPLOYMENTS) return;
        const active = service.activeDeploymentId;
        const gone = deploymentsToForget(all, active, imagesToKeep(all, active, KEPT_IMAGES), KEPT_DEPLOYMENTS);
        for (const { id } of gone) await tx.deployments.remove(id);
        const named = new Set(all.filter((d) => !gone.includes(d)).map((d) => d.buildId));
        for (const { id } of await tx.builds.list({ serviceId })) if (!named.has(id)) await tx.builds.remove(id);
      });
    }
  }

  /** Logs of builds that are gone. */
  async #buildLogs(): Promise<void> {
    const { database, buildLogs } = this.#options;
    const stored = await buildLogs.list();
    const known = new Set((await database.builds.list({})).map((b) => b.id));
    for (const id of stored) if (!known.has(id)) await buildLogs.remove(id);
  }

  async #runtimes(): Promise<void> {
    const removed = await this.#options.removeUnreferencedRuntimeFiles();
    if (removed.length > 0) this.#options.logger.info({ removed }, "removed runtime files nobody refers to");
  }

  /** Sources of deployments that are gone. One that was just uploaded has its deployment before the next round. */
  async #sources(): Promise<void> {
    const { database, sources } = this.#options;
    const before = await sources.list();
    const used = new Set((await database.deployments.list({})).map((d) => d.sourceId));
    const unused = before.filter((id) => !used.has(id));
    for (const id of unused) if (this.#unusedBefore.has(id)) await sources.remove(id);
    this.#unusedBefore = new Set(unused);
  }

  /** Seen unused in the round before: only what stays unused for a whole interval is removed. */
  #unusedBefore = new Set<string>();

  /** Images of services that were deleted. */
  async #images(): Promise<void> {
    const { database, builder, driver, prefix } = this.#options;
    // Images first: one that is built in between belongs to a service that is known then.
    const built = (await driver.listImages({ mine: true })).map((i) => i.labels[LABELS.service]);
    const pulled = (await driver.listImages()).flatMap(({ tags }) => tags.map((tag) => pulledOwner(prefix, tag)));
    const owners = new Set([...built, ...pulled]);
    const known = new Set((await database.services.list()).map((s) => s.id));
    for (const owner of owners) if (owner !== undefined && !known.has(owner)) await builder.pruneImages(owner, []);
  }

  async #engine(): Promise<void> {
    const { clock, driver } = this.#options;
    if (clock.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    await driver.prune(PRUNE_OLDER_THAN_MS);
    this.#prunedAt = clock.now();
  }

  async #disk(): Promise<void> {
    const { dataDir, driver, diskWarningBytes, logger, onDiskFree } = this.#options;
    const { rootDir } = await driver.info();
    for (const path of new Set([dataDir, ...(rootDir === null ? [] : [rootDir])])) {
      const { bavail, bsize } = await statfs(path);
      const freeBytes = bavail * bsize;
      onDiskFree(path, freeBytes);
      if (freeBytes < diskWarningBytes)
        logger.warn(
          { path, freeBytes },
          "the disk is nearly full: remove old functions, images or data, or give it more space",
        );
    }
  }
}
