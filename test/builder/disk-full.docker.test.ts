import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TarSourceFiles } from "../../src/builder/source-files.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../../src/domain/source.ts";
import { run } from "../../src/lib/run.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { makeZip } from "../archives.ts";

test("a disk that fills up while unpacking is told as such and nothing is left behind", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-full-"));
  const small = join(folder, "small");
  await mkdir(small);
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", small], { timeoutMs: 10_000 });
  if (mounted.exitCode !== 0) return t.skip("mounting a small disk needs root");
  try {
    const archive = join(folder, "upload.zip");
    const content = Buffer.alloc(1024 * 1024, "abcdefgh");
    await writeFile(archive, makeZip([{ name: "big.txt", content, isStored: true }]));
    const sources = await TarSourceFiles.open(join(small, "sources"), systemClock);
    await assert.rejects(() => sources.importArchive(archive, DEFAULT_ARCHIVE_LIMITS), { code: "disk_full" });
    assert.deepEqual(await sources.list(), []);
    assert.deepEqual(await readdir(join(small, "sources/.importing")), []);
    // The spool fits, the tar does not.
    await writeFile(archive, makeZip([{ name: "half.txt", content: content.subarray(0, 160 * 1024), isStored: true }]));
    await assert.rejects(() => sources.importArchive(archive, DEFAULT_ARCHIVE_LIMITS), { code: "disk_full" });
    assert.deepEqual(await readdir(join(small, "sources/.importing")), []);
  } finally {
    await run("umount", [small], { timeoutMs: 10_000 });
    await rm(folder, { recursive: true, force: true });
  }
});
