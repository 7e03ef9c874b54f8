/** A restore that is killed between any two of its steps is taken to its end by the next start: all new, all old kept. */

import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { applyPendingRestore, commitRestore, openStaging } from "../../src/backup/pending-restore.ts";
import { run } from "../../src/lib/run.ts";
import { bytesOf, inPieces, openWorld, pictureOf, settingIn, type World } from "./backup-bench.ts";

let old: World;
let archive: Buffer;
before(async () => {
  old = await openWorld("server-1", " old");
  archive = await bytesOf(await old.backups.write({ withVolumes: true }));
});
after(() => old.close());

/** Starts a restore that is killed before that step, then another one. Answers whether there was such a step. */
async function killedAt(step: number): Promise<boolean> {
  const world = await openWorld("server-2", " newer");
  try {
    const before = await pictureOf(world.places.dataDir);
    const { previous } = await world.backups.stage(inPieces(archive));
    await world.database.close();
    const program = join(import.meta.dirname, "restore-steps.ts");
    const args = ["--disable-warning=ExperimentalWarning", program, JSON.stringify(world.places), String(step)];
    await run(process.execPath, args, { timeoutMs: 30_000 }).then(
      ({ exitCode, stderr }) => assert.equal(exitCode, 0, stderr),
      (error: Error) => assert.match(error.message, /SIGKILL/),
    );
    const isUnfinished = (await readdir(world.places.dataDir)).some((name) =>
      /^restore\.(pending|finished)$/.test(name),
    );
    for (const _ of [1, 2]) await applyPendingRestore(world.places);
    assert.equal(await settingIn(world.places.databasePath, "text"), " old", `step ${step}`);
    assert.equal(await settingIn(join(world.places.dataDir, previous, "slipway.db"), "text"), " newer", `step ${step}`);
    assert.equal(await readFile(world.places.passfile, "utf8"), "passkey of server-1 old\n");
    const { passfile: _passfile, ...kept } = await pictureOf(join(world.places.dataDir, previous));
    assert.deepEqual(kept, before, `step ${step}`);
    const now = Object.entries(await pictureOf(world.places.dataDir)).filter(
      ([path]) => !/^restore\.|^volumes$/.test(path),
    );
    const { volumes: _volumes, ...wanted } = await pictureOf(old.places.dataDir);
    assert.deepEqual(Object.fromEntries(now), wanted, `step ${step}`);
    return isUnfinished;
  } finally {
    await world.close();
  }
}

test("killed before each of its steps, the restore comes to the same end", async () => {
  let steps = 0;
  while (await killedAt(steps)) steps += 1;
  assert.ok(steps >= 15, `${steps} steps`);
});

test("a database alone is replaced with its log, and nothing else is touched", async () => {
  const world = await openWorld("server-3", " newer");
  try {
    const staging = await openStaging(world.places.dataDir);
    await mkdir(staging);
    await old.database.backupTo(join(staging, "slipway.db"));
    const before = await pictureOf(world.places.dataDir);
    const previous = await commitRestore(world.places, staging, { scope: "database" }, 0);
    await world.database.close();
    assert.equal(await applyPendingRestore(world.places), previous);
    assert.equal(await settingIn(world.places.databasePath, "text"), " old");
    const now = Object.entries(await pictureOf(world.places.dataDir)).filter(([path]) => !path.startsWith("restore."));
    assert.deepEqual(
      Object.fromEntries(now),
      Object.fromEntries(Object.entries(before).filter(([path]) => !path.startsWith("restore."))),
    );
  } finally {
    await world.close();
  }
});
