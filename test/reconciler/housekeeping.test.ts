import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { KEPT_AUDIT_RECORDS } from "../../src/domain/audit.ts";
import { LABELS } from "../../src/domain/labels.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { MemoryDriver } from "../../src/memory/memory-driver.ts";
import { Housekeeping, type HousekeepingOptions } from "../../src/reconciler/housekeeping.ts";
import { sampleBuild, sampleDeployment, sampleProject, sampleService } from "../contract/database/sample-records.ts";
import { eventually } from "../engine/eventually.ts";
import { FakeClock } from "../support/fake-clock.ts";

const INTERVAL_MS = 60_000;

async function bench(context: TestContext, given: Partial<HousekeepingOptions> = {}) {
  const clock = new FakeClock();
  const database = new MemoryDatabase();
  await database.projects.create(sampleProject("p"));
  const driver = new MemoryDriver({ clock });
  const state = { sources: ["a", "b"], logs: ["b-1", "b-gone"], pruned: [] as string[], warned: [] as object[] };
  const housekeeping = new Housekeeping({
    database,
    sources: {
      list: async () => state.sources,
      remove: async (id) => {
        state.sources = state.sources.filter((s) => s !== id);
      },
    },
    buildLogs: {
      list: async () => state.logs,
      remove: async (id) => {
        state.logs = state.logs.filter((l) => l !== id);
      },
    },
    builder: { pruneImages: async (serviceId) => void state.pruned.push(serviceId) },
    driver,
    removeUnreferencedRuntimeFiles: async () => [],
    clock,
    logger: { debug() {}, info() {}, error() {}, warn: (fields) => void state.warned.push(fields) },
    intervalMs: INTERVAL_MS,
    prefix: "slipway",
    dataDir: tmpdir(),
    diskWarningBytes: 0,
    onDiskFree: () => undefined,
    ...given,
  });
  context.after(() => housekeeping.close());
  /** A round has ended once the next one is scheduled. */
  const round = () => eventually(() => assert.notEqual(clock.nextAt, undefined));
  return { clock, database, driver, state, housekeeping, round };
}

test("a source that nobody needs goes after it was unused for a whole interval, one of a deployment stays", async (context) => {
  const { database, state, housekeeping, clock, round } = await bench(context);
  await database.services.create(sampleService("s", "p"));
  await database.deployments.create(sampleDeployment("d", "s", { sourceId: "a" }));
  housekeeping.start();
  await round();
  assert.deepEqual(state.sources, ["a", "b"]);
  clock.advance(INTERVAL_MS);
  await round();
  assert.deepEqual(state.sources, ["a"]);
});

test("while a backup is made nothing is removed from the disk; the next round after it does", async (context) => {
  const { state, housekeeping, clock, round } = await bench(context);
  housekeeping.start();
  await round();
  assert.deepEqual(state.logs, []);
  state.logs = ["b-later"];
  const releases = [await housekeeping.hold(), await housekeeping.hold()];
  for (const release of releases) {
    clock.advance(INTERVAL_MS);
    await round();
    assert.deepEqual([state.sources, state.logs], [["a", "b"], ["b-later"]]);
    release();
    release();
  }
  clock.advance(INTERVAL_MS);
  await round();
  assert.deepEqual([state.sources, state.logs], [[], []]);
});

test("images of deleted services are pruned, those of others are not touched", async (context) => {
  const { database, driver, state, housekeeping, round } = await bench(context);
  await database.services.create(sampleService("s", "p"));
  for (const owner of ["s", "deleted"])
    driver.addImage(`slipway/p/${owner}:1`, { labels: { [LABELS.server]: "memory", [LABELS.service]: owner } });
  for (const owner of ["s", "gone"]) driver.addImage(`slipway/pulled/${owner}:0123456789ab`);
  driver.addImage("other-server/pulled/theirs:0123456789ab");
  housekeeping.start();
  await round();
  assert.deepEqual(state.pruned, ["deleted", "gone"]);
});

test("the newest 50 deployments are remembered, and older ones that serve, come up or have an image kept for rollback", async (context) => {
  const { database, state, housekeeping, round } = await bench(context);
  await database.services.create(sampleService("s", "p", { activeDeploymentId: "d-1" }));
  const create = async (n: number, given: Parameters<typeof sampleDeployment>[2]): Promise<void> => {
    await database.builds.create(sampleBuild(`b-${n}`, "s"));
    const own = { buildId: `b-${n}`, createdAt: n, image: `image:${n}` };
    await database.deployments.create(sampleDeployment(`d-${n}`, "s", { ...own, ...given }));
  };
  await create(1, { status: "healthy", healthyAt: 1 });
  await create(2, { status: "superseded", healthyAt: 2 });
  await create(3, { status: "building" });
  for (let n = 4; n <= 12; n += 1) await create(n, { status: "failed", healthyAt: null });
  for (let n = 13; n <= 60; n += 1) await create(n, { status: "cancelled", healthyAt: null });
  state.logs = ["b-1", "b-2", "b-4", "b-60"];
  housekeeping.start();
  await round();
  const kept = (await database.deployments.list({ serviceId: "s" })).map((d) => d.id).toReversed();
  assert.deepEqual(kept.slice(0, 4), ["d-1", "d-2", "d-3", "d-11"]);
  assert.equal(kept.length, 53);
  assert.deepEqual(
    new Set((await database.builds.list({})).map((b) => b.id.slice(2))),
    new Set(kept.map((id) => id.slice(2))),
  );
  assert.deepEqual(state.logs, ["b-1", "b-2", "b-60"]);
});

test("a chore that fails is told and tried again; the others are done, and nothing ends the process", async (context) => {
  const { driver, state, housekeeping, clock, round } = await bench(context, {
    removeUnreferencedRuntimeFiles: async () => {
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      return [];
    },
  });
  driver.goAway();
  housekeeping.start();
  await round();
  assert.deepEqual(
    state.warned.map((w) => Reflect.get(w, "chore")),
    ["images", "engine"],
  );
  assert.deepEqual(state.logs, [], "logs of builds that are gone went");
  driver.comeBack();
  clock.advance(INTERVAL_MS);
  await round();
  assert.equal(state.warned.length, 2);
});

test("a disk that is nearly full is warned of in each round", async (context) => {
  const free: string[] = [];
  const { state, housekeeping, clock, round } = await bench(context, {
    diskWarningBytes: Number.MAX_SAFE_INTEGER,
    onDiskFree: (path) => void free.push(path),
  });
  housekeeping.start();
  await round();
  clock.advance(INTERVAL_MS);
  await round();
  assert.deepEqual(free, [tmpdir(), tmpdir()]);
  assert.equal(state.warned.length, 2);
});

test("the audit log keeps its newest records", async (context) => {
  const { database, housekeeping, round } = await bench(context);
  await database.transact(async (tx) => {
    for (let at = 0; at < KEPT_AUDIT_RECORDS + 5; at += 1) {
      const who = { actorKind: "passkey", userId: null, actorName: "passkey", from: "127.0.0.1" } as const;
      await tx.audit.add({ ...who, id: `a-${at}`, at, action: "x", target: "/", status: 200, requestId: "r" });
    }
  });
  housekeeping.start();
  await round();
  assert.equal(await database.audit.count(), KEPT_AUDIT_RECORDS);
  assert.equal(await database.audit.count({ since: 5 }), KEPT_AUDIT_RECORDS);
});
