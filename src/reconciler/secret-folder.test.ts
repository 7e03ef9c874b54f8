import assert from "node:assert/strict";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openSecretFolder } from "./secret-folder.ts";

const quiet = { info: () => undefined, warn: () => undefined };

/** A folder that is on no file system in memory, on every machine. */
const ELSEWHERE = "/proc";

async function inMemoryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp("/dev/shm/slipway-folder-");
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const options = (wanted: string, fallbacks: readonly string[] = []) => ({
  wanted,
  fallbacks,
  mount: undefined,
  serverId: "server",
  logger: quiet,
});

test("a folder in memory is taken, the server's own below it is for nobody else", () =>
  inMemoryFolder(async (inMemory) => {
    const wanted = join(inMemory, "run", "slipway");
    assert.equal(await openSecretFolder(options(wanted)), join(wanted, "server"));
    assert.equal((await stat(join(wanted, "server"))).mode & 0o777, 0o700);
    assert.equal(await openSecretFolder(options(wanted)), join(wanted, "server"));
  }));

test("a folder on a disk is mounted over where that is allowed, and else passed over", () =>
  inMemoryFolder(async (inMemory) => {
    const mounted: string[] = [];
    const mount = async (folder: string): Promise<void> => void mounted.push(folder);
    const found = await openSecretFolder({ ...options(ELSEWHERE, [ELSEWHERE, inMemory]), mount });
    assert.ok(mounted.length > 0 && mounted.every((folder) => folder === ELSEWHERE));
    assert.equal(found, join(inMemory, "server"));
  }));

test("with nowhere in memory it is an error that names the option and each reason", () =>
  assert.rejects(openSecretFolder(options(ELSEWHERE)), { code: "unavailable", message: /is on a disk/ }));

test("a folder that somebody put there as a link is not entered", () =>
  inMemoryFolder(async (inMemory) => {
    await symlink(ELSEWHERE, join(inMemory, "server"));
    await assert.rejects(openSecretFolder(options(inMemory)), { code: "unavailable", message: /somebody else/ });
  }));

test("a folder that the kernel lets nobody make is passed over", () =>
  inMemoryFolder(async (inMemory) => {
    const found = await openSecretFolder(options(join(ELSEWHERE, "slipway", "secrets"), [inMemory]));
    assert.equal(found, join(inMemory, "server"));
  }));

test("a folder that can't be made is passed over", () =>
  inMemoryFolder(async (inMemory) => {
    await writeFile(join(inMemory, "file"), "");
    const found = await openSecretFolder(options(join(inMemory, "file", "below"), [inMemory]));
    assert.equal(found, join(inMemory, "server"));
  }));
