import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { AppError } from "../domain/errors.ts";
import type { ReleaseInfo, UpgradeStatus, Upgrades } from "../domain/system.ts";
import { ReleaseWatch } from "./release-watch.ts";

const HOUR_MS = 3_600_000;
const IDLE: UpgradeStatus = {
  ...{ state: "idle", targetVersion: null, startedAt: null, finishedAt: null, error: null, logTail: null },
};
const release = (version: string): ReleaseInfo => ({ version, url: "", notes: "", publishedAt: 0, fetchedAt: 0 });

/** A watch over a feed that announces `version`; `request` is what asking for an upgrade does. */
async function watchOver(version: string, options: Partial<Upgrades> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  let looks = 0;
  const upgrades: Upgrades = {
    latestRelease: async () => null,
    refreshLatestRelease: async () => {
      looks += 1;
      return release(version);
    },
    request: async (wanted) => {
      asked.push(wanted);
      return IDLE;
    },
    status: async () => IDLE,
    settings: async () => ({ autoUpdate: true }),
    updateSettings: async () => ({ autoUpdate: true }),
    ...options,
  };
  const nothing = (): void => undefined;
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const watch = new ReleaseWatch({ upgrades, version: "1.0.0", clock, logger });
  watch.start();
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    // All it does between two of its turns is done by then.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { watch, clock, advance, asked, looks: () => looks };
}

test("it looks half a minute after the start, then once a day, and asks for what is newer", async () => {
  const { watch, advance, asked, looks } = await watchOver("1.1.0");
  await advance(29_000);
  assert.equal(looks(), 0);
  await advance(1_000);
  assert.deepEqual([looks(), asked], [1, ["1.1.0"]]);
  await advance(23 * HOUR_MS);
  assert.equal(looks(), 1);
  await advance(HOUR_MS);
  assert.equal(looks(), 2);
  await watch.close();
  await advance(48 * HOUR_MS);
  assert.equal(looks(), 2);
});

test("it asks for nothing when it is switched off, when nothing is newer, and for nothing that failed before", async () => {
  const failed = async (): Promise<UpgradeStatus> => ({ ...IDLE, state: "failed", targetVersion: "1.1.0" });
  for (const [version, options] of [
    ["1.1.0", { settings: async () => ({ autoUpdate: false }) }],
    ["1.0.0", {}],
    ["0.9.0", {}],
    ["1.1.0", { status: failed }],
  ] as const) {
    const { watch, advance, asked, looks } = await watchOver(version, options);
    await advance(30_000);
    assert.deepEqual([looks(), asked], [1, []]);
    await watch.close();
  }
});

test("when something is under way it tries again soon; when nobody answers, the next day", async () => {
  const failWith = (code: "conflict" | "bad_gateway") => () => Promise.reject(new AppError(code, "not now"));
  const busy = await watchOver("1.1.0", { request: failWith("conflict") });
  await busy.advance(30_000);
  await busy.advance(10 * 60_000);
  assert.equal(busy.looks(), 2);
  await busy.watch.close();
  const away = await watchOver("1.1.0", { refreshLatestRelease: failWith("bad_gateway") });
  await away.advance(30_000);
  assert.equal(away.clock.nextAt, away.clock.now() + 24 * HOUR_MS);
  await away.watch.close();
});
