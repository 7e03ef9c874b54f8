import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAppError } from "../domain/errors.ts";
import { openPasskey } from "./passkey.ts";

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-passkey-"));
  try {
    await work(join(folder, "passfile"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the first start makes a UUID in a file only its owner can read, the second start keeps it", () =>
  inFolder(async (path) => {
    const first = await openPasskey(path);
    assert.match(first.created ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await readFile(path, "utf8")).trim(), first.created);
    const second = await openPasskey(path);
    assert.equal(second.created, null);
    assert.equal(await second.passkey.admits(first.created ?? ""), true);
  }));

test("a changed file counts at once, a trailing newline does not count", () =>
  inFolder(async (path) => {
    await writeFile(path, "old");
    const { passkey } = await openPasskey(path);
    assert.equal(await passkey.admits("old"), true);
    await writeFile(path, "brand-new\n");
    assert.equal(await passkey.admits("old"), false);
    assert.equal(await passkey.admits("brand-new"), true);
    assert.equal(await passkey.admits("brand-new\n"), false);
  }));

test("an empty file admits nobody, not even an empty credential", () =>
  inFolder(async (path) => {
    await writeFile(path, "\n");
    const { passkey } = await openPasskey(path);
    for (const candidate of ["", "\n", "x"]) assert.equal(await passkey.admits(candidate), false);
    assert.equal(await passkey.hash(), null);
  }));

test("a file that went away is an error, not an open door", () =>
  inFolder(async (path) => {
    const { passkey } = await openPasskey(path);
    await rm(path);
    await assert.rejects(passkey.admits("x"), (e) => isAppError(e, "internal"));
  }));
