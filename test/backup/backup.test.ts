/** Backups and restores on files: what comes back is what was there, and what is no sound backup changes nothing. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { applyPendingRestore, hasVolumesMark } from "../../src/backup/pending-restore.ts";
import { isAppError } from "../../src/domain/errors.ts";
import {
  bytesOf,
  type Entry,
  entriesOf,
  inPieces,
  openWorld,
  pictureOf,
  settingIn,
  type World,
} from "./backup-bench.ts";

let old: World;
let archive: Buffer;
before(async () => {
  old = await openWorld("server-1", " old");
  archive = await bytesOf(await old.backups.write({ withVolumes: true }));
});
after(() => old.close());

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { header, content } of entries) {
    const { pax: _, ...plain } = header as typeof header & { pax?: unknown };
    tar.entry({ ...plain, size: content.length }, content);
  }
  tar.finalize();
  return gzipSync(await bytesOf(tar as AsyncIterable<Uint8Array>));
}

/** The archive with other entries and a manifest that fits them. */
async function forged(change: (entries: Entry[]) => Entry[]): Promise<Buffer> {
  const [header, ...rest] = await entriesOf(archive);
  const entries = change(rest.slice(0, -1));
  const manifest = entries.map(({ header: h, content }) => ({
    path: h.name.replace(/\/$/, ""),
    type: h.type === "directory" ? "directory" : h.type === "symlink" ? "link" : "file",
    size: content.length,
    sha256: h.type === "file" ? createHash("sha256").update(content).digest("hex") : null,
    target: h.linkname ?? null,
  }));
  const last = { header: { name: "manifest.json" }, content: Buffer.from(JSON.stringify({ entries: manifest })) };
  assert.ok(header);
  return archiveOf([header, ...entries, last]);
}

const file = (name: string, text = "evil"): Entry => ({ header: { name, type: "file" }, content: Buffer.from(text) });
const link = (name: string, linkname: string): Entry => ({
  header: { name, type: "symlink", linkname },
  content: Buffer.alloc(0),
});

test("an archive says what it is first, names every entry last, and holds no file that is not one of its parts", async () => {
  const entries = await entriesOf(archive);
  const names = entries.map(({ header }) => header.name);
  assert.equal(names[0], "slipway-backup.json");
  assert.equal(names.at(-1), "manifest.json");
  const header = JSON.parse(String(entries[0]?.content));
  assert.deepEqual([header.format, header.server_id, header.has_volumes], [1, "server-1", true]);
  assert.ok(!names.some((name) => /wal|shm|tmp|sock/.test(name)), names.join());
  const without = await entriesOf(await bytesOf(await old.backups.write({ withVolumes: false })));
  assert.ok(!without.some(({ header: { name } }) => name.startsWith("volumes")));
  assert.deepEqual(
    (await readdir(old.places.dataDir)).filter((name) => name.startsWith("backup.tmp")),
    [],
  );
});

test("a restore brings back every file, mode and link, and keeps what was there before", async () => {
  const fresh = await openWorld("server-2", " newer");
  try {
    await writeFile(join(fresh.places.dataDir, "sources/later.tar"), "made after the backup");
    const before = await pictureOf(fresh.places.dataDir);
    const staged = await fresh.backups.stage(inPieces(archive));
    assert.equal(staged.header.serverId, "server-1");
    assert.ok(staged.files >= 8);
    assert.equal(await fresh.database.settings.find("text"), " newer", "nothing changes until the next start");
    await fresh.database.close();
    assert.equal(await applyPendingRestore(fresh.places), staged.previous);
    const { [staged.previous]: _, ...picture } = await pictureOf(fresh.places.dataDir);
    const now = Object.fromEntries(
      Object.entries(picture).filter(([path]) => !path.startsWith("restore.") && path !== "volumes"),
    );
    const { volumes: _volumes, ...wanted } = await pictureOf(old.places.dataDir);
    assert.deepEqual(now, wanted);
    assert.equal(await settingIn(fresh.places.databasePath, "text"), " old");
    assert.equal(await readFile(fresh.places.passfile, "utf8"), "passkey of server-1 old\n");
    assert.equal((await stat(fresh.places.passfile)).mode & 0o777, 0o600);
    assert.equal((await stat(join(fresh.places.dataDir, "master.key"))).mode & 0o777, 0o600);
    const kept = join(fresh.places.dataDir, staged.previous);
    const { passfile: _passfile, ...keptPicture } = await pictureOf(kept);
    assert.deepEqual(keptPicture, before);
    assert.equal(await settingIn(join(kept, "slipway.db"), "text"), " newer");
    assert.ok(await hasVolumesMark(fresh.places.dataDir));
    assert.equal(await applyPendingRestore(fresh.places), undefined, "and only once");
  } finally {
    await fresh.close();
  }
});

test("files that grow while they are read are taken as long as they were", async () => {
  const world = await openWorld("server-3");
  try {
    const log = join(world.places.dataDir, "builds/1.log");
    let isGrowing = true;
    const growing = (async () => {
      while (isGrowing) await appendFile(log, "one more line\n");
    })();
    const bytes = await bytesOf(await world.backups.write({ withVolumes: true }));
    isGrowing = false;
    await growing;
    await world.backups.stage(inPieces(bytes));
  } finally {
    await world.close();
  }
});

test("what is damaged, cut off, foreign or leads elsewhere is refused, and nothing has changed", async () => {
  const fresh = await openWorld("server-4", " mine");
  const flipped = Buffer.from(archive);
  flipped.writeUInt8((flipped.at(archive.length >> 1) ?? 0) ^ 0xff, archive.length >> 1);
  const unlisted = await archiveOf((await entriesOf(archive)).toSpliced(2, 0, file("sources/extra")));
  const changed = (await entriesOf(archive)).map((entry) =>
    entry.header.name === "sources/ab.tar" ? { ...entry, content: Buffer.from("THE SOURCE of a function old") } : entry,
  );
  const cases: Readonly<Record<string, Buffer>> = {
    nothing: Buffer.alloc(0),
    "no gzip": Buffer.from("this is some text, and no archive at all"),
    "no tar": gzipSync("text"),
    "another tar": await archiveOf([file("readme.txt")]),
    "an empty tar": await archiveOf([]),
    "half of it": archive.subarray(0, archive.length >> 1),
    "all but its end": archive.subarray(0, archive.length - 20),
    "a bit flipped": flipped,
    "an entry that is not listed": unlisted,
    "a file that changed": await archiveOf(changed),
    "an entry less": await archiveOf((await entriesOf(archive)).filter(({ header }) => header.name !== "builds/1.log")),
    "no manifest": await archiveOf((await entriesOf(archive)).slice(0, -1)),
    "another header": await archiveOf([
      file("slipway-backup.json", '{"format":2}'),
      ...(await entriesOf(archive)).slice(1),
    ]),
    "a path upwards": await forged((entries) => [...entries, file("sources/../../evil")]),
    "an absolute path": await forged((entries) => [...entries, file("/tmp/evil")]),
    "a part that is none": await forged((entries) => [...entries, file("upgrade.requested")]),
    "a link in the sources": await forged((entries) => [...entries, link("sources/out", "/etc")]),
    "a link as a volume": await forged((entries) => [...entries, link("volumes/default/evil", "/etc")]),
    "a file behind a link": await forged((entries) => [...entries, file("volumes/default/db/link/evil")]),
    "a file twice": await forged((entries) => [...entries, file("sources/ab.tar")]),
    "a device": await forged((entries) => [
      ...entries,
      { header: { name: "volumes/default/db/tty", type: "character-device" }, content: Buffer.alloc(0) },
    ]),
    "no database": await forged((entries) => entries.filter(({ header }) => header.name !== "slipway.db")),
    "a database that is none": await forged((entries) =>
      entries.map((entry) => (entry.header.name === "slipway.db" ? file("slipway.db", "x".repeat(9000)) : entry)),
    ),
  };
  try {
    const before = await pictureOf(fresh.folder);
    for (const [what, bytes] of Object.entries(cases)) {
      await assert.rejects(fresh.backups.stage(inPieces(bytes)), (error) => isAppError(error, "invalid"), what);
      assert.deepEqual(await pictureOf(fresh.folder), before, what);
    }
    await fresh.database.close();
    assert.equal(await applyPendingRestore(fresh.places), undefined);
    assert.deepEqual(await pictureOf(fresh.folder), before);
  } finally {
    await fresh.close();
  }
});

test("an upload that breaks off fails with its own error and leaves nothing", async () => {
  const fresh = await openWorld("server-5");
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield archive.subarray(0, 1000);
    throw new Error("the client is gone");
  };
  try {
    await assert.rejects(fresh.backups.stage(broken()), /the client is gone/);
    assert.deepEqual(
      (await readdir(fresh.places.dataDir)).filter((name) => name.startsWith("restore")),
      [],
    );
  } finally {
    await fresh.close();
  }
});

test("an archive for which there is not enough room is refused before the disk is full", async () => {
  let room = 20_000_000;
  const fresh = await openWorld("server-10", "", { room: async () => room });
  try {
    const before = await pictureOf(fresh.folder);
    const large = await forged((entries) => [...entries, file("sources/large", "x".repeat(30_000_000))]);
    await assert.rejects(fresh.backups.stage(inPieces(large)), (error) => isAppError(error, "disk_full"));
    room = 0;
    await assert.rejects(fresh.backups.stage(inPieces(archive)), (error) => isAppError(error, "disk_full"));
    assert.deepEqual(await pictureOf(fresh.folder), before);
  } finally {
    await fresh.close();
  }
});

test("a newer schema, another server's backup over services, and a second restore are conflicts", async () => {
  const newer = await openWorld("server-6", "", {
    inspect: () => ({ schema: 1000, newestSchema: 2, serverId: "server-1", hasSealed: false }),
  });
  const busy = await openWorld("server-7", "", { hasServices: async () => true });
  const same = await openWorld("server-1", " same", { hasServices: async () => true });
  const isConflict = (error: unknown): boolean => isAppError(error, "conflict");
  try {
    await assert.rejects(newer.backups.stage(inPieces(archive)), isConflict);
    await assert.rejects(busy.backups.stage(inPieces(archive)), isConflict);
    await same.backups.stage(inPieces(archive));
    await assert.rejects(same.backups.stage(inPieces(archive)), isConflict);
  } finally {
    for (const world of [newer, busy, same]) await world.close();
  }
});
