/**
 * The server's part in upgrades: knows what is new, and leaves word for the upgrade unit. It never changes its own code:
 * that is done by a process that outlives it (upgrade-run.ts).
 */

import { COMING, type DeploymentStore } from "../domain/deployment.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import type { SettingStore } from "../domain/stores.ts";
import {
  compareVersions,
  type ReleaseInfo,
  type ReleaseSource,
  type SystemSettings,
  type UpgradeStatus,
  type Upgrades,
  VERSION_PATTERN,
} from "../domain/system.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { isAlive } from "./process-alive.ts";
import { UpgradeFiles } from "./upgrade-files.ts";

const AUTO_UPDATE_KEY = "system.auto_update";
const RELEASE_KEY = "system.latest_release";

export type StagedUpgradesOptions = {
  readonly version: string;
  readonly dataDir: string;
  readonly databasePath: string;
  /** `<prefix>/current` of an installation; undefined: the server runs from somewhere else. */
  readonly currentLink: string | undefined;
  readonly settings: SettingStore;
  readonly deployments: Pick<DeploymentStore, "count">;
  readonly releases: ReleaseSource;
  /** ms since the epoch. */
  readonly now: () => number;
};

export class StagedUpgrades implements Upgrades {
  readonly #options: StagedUpgradesOptions;
  readonly #files: UpgradeFiles;
  readonly #turns = new Semaphore(1);

  constructor(options: StagedUpgradesOptions) {
    this.#options = options;
    this.#files = new UpgradeFiles(options.dataDir);
  }

  async latestRelease(): Promise<ReleaseInfo | null> {
    const stored = await this.#options.settings.find(RELEASE_KEY);
    return stored === undefined ? null : (JSON.parse(stored) as ReleaseInfo);
  }

  async refreshLatestRelease(): Promise<ReleaseInfo> {
    const { tarballUrl, sha256, ...release } = await this.#options.releases.latest();
    await this.#options.settings.put(RELEASE_KEY, JSON.stringify(release));
    return release;
  }

  async request(version: string): Promise<UpgradeStatus> {
    const endTurn = await this.#turns.acquire();
    try {
      return await this.#request(version);
    } finally {
      endTurn();
    }
  }

  status(): Promise<UpgradeStatus> {
    return this.#files.status(isAlive);
  }

  async settings(): Promise<SystemSettings> {
    return { autoUpdate: (await this.#options.settings.find(AUTO_UPDATE_KEY)) === "1" };
  }

  async updateSettings({ autoUpdate }: Partial<SystemSettings>): Promise<SystemSettings> {
    if (autoUpdate !== undefined) await this.#options.settings.put(AUTO_UPDATE_KEY, autoUpdate ? "1" : "0");
    return this.settings();
  }

  async #request(text: string): Promise<UpgradeStatus> {
    const { version: present, databasePath, currentLink, releases, now } = this.#options;
    if (!VERSION_PATTERN.test(text)) {
      throw invalidField("version", `${JSON.stringify(text)} is no version`, "Write it as 1.2.3 or v1.2.3.");
    }
    const wanted = text.replace(/^v/, "");
    const order = compareVersions(wanted, present);
    if (order === 0) throw new AppError("conflict", `This server is version ${present} already.`);
    if (order < 0) {
      throw new AppError(
        "forbidden",
        `${wanted} is older than ${present}, which runs; its database may be too new for it.`,
        {
          remedy: "To go back, restore a backup that was made with the older version (docs/operations.md).",
        },
      );
    }
    await this.#requireNothingUnderWay();
    if (currentLink === undefined) {
      throw new AppError(
        "not_ready",
        "This server does not run from an installation, so it can't be upgraded this way.",
        {
          remedy:
            "Install it with `sudo script/install`, or get the new code as you got this one, then `slipway reload`.",
        },
      );
    }
    const { tarballUrl, sha256 } = await releases.find(wanted);
    await this.#requireNothingUnderWay();
    await this.#files.request({
      ...{ version: wanted, tarballUrl, sha256, requestedAt: now() },
      ...{ fromVersion: present, databasePath, currentLink },
    });
    return this.#files.status(isAlive);
  }

  async #requireNothingUnderWay(): Promise<void> {
    const { state, targetVersion } = await this.status();
    if (state === "queued" || state === "running") {
      throw new AppError("conflict", `An upgrade to ${targetVersion} is ${state} already.`, {
        remedy: "Follow it with `slipway upgrade --status`.",
      });
    }
    const count = await this.#options.deployments.count({ statuses: COMING });
    if (count > 0) {
      throw new AppError("conflict", `${count === 1 ? "A deployment is" : `${count} deployments are`} under way.`, {
        remedy: "Upgrade when they are done.",
        retryAfterSeconds: 10,
      });
    }
  }
}
