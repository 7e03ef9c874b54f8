import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { holdProcess } from "../../test/support/held-process.ts";
import { isAppError } from "../domain/errors.ts";
import { DataDirectoryLock } from "./lock.ts";

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-lock-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function refusalNaming(pid: number) {
  return (error: unknown) => isAppError(error, "conflict") && error.message.includes(`(pid ${pid})`);
}

test("a held data directory is refused with the holder's pid, and free again after release", async () => {
  await inDirectory(async (directory) => {
    const lock = await DataDirectoryLock.acquire(directory);
    await assert.rejects(DataDirectoryLock.acquire(directory), refusalNaming(process.pid));
    await lock.release();
    await lock.release();
    const next = await DataDirectoryLock.acquire(directory);
    assert.equal(await readFile(join(directory, "slipway.pid"), "utf8"), `${process.pid}\n`);
    assert.equal((await stat(join(directory, "slipway.lock"))).mode & 0o777, 0o600);
    await next.release();
  });
});

test("the lock of another process holds while that lives, even if it forgets the object, and is free once it was killed", async () => {
  await inDirectory(async (directory) => {
    const holder = await holdProcess(`
      import { DataDirectoryLock } from ${JSON.stringify(new URL("lock.ts", import.meta.url).href)};
      await DataDirectoryLock.acquire(${JSON.stringify(directory)});
      await new Promise(setImmediate);
      globalThis.gc();
      console.log(process.pid);
      setInterval(() => {}, 1000);
    `);
    await assert.rejects(DataDirectoryLock.acquire(directory), refusalNaming(holder.pid));
    await assert.rejects(DataDirectoryLock.acquire(directory), refusalNaming(holder.pid));
    await holder.kill();
    const lock = await DataDirectoryLock.acquire(directory);
    assert.equal(await readFile(join(directory, "slipway.pid"), "utf8"), `${process.pid}\n`);
    await lock.release();
  });
});

test("a data directory that does not exist is unavailable and the remedy says what to check", async () => {
  await inDirectory(async (directory) => {
    await assert.rejects(
      DataDirectoryLock.acquire(join(directory, "nope")),
      (error) => isAppError(error, "unavailable") && error.remedy?.includes("exists") === true,
    );
  });
});
