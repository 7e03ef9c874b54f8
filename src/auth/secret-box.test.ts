import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isAppError } from "../domain/errors.ts";
import { openSecretBox } from "./secret-box.ts";

const nothing = async (): Promise<boolean> => false;

async function inFolder(work: (keyPath: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-box-"));
  try {
    await work(join(folder, "master.key"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("what is sealed opens to the same bytes, for the same purpose only, and looks different each time", () =>
  inFolder(async (keyPath) => {
    const box = await openSecretBox({ keyPath, hasSealed: nothing });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.string(), fc.string(), (value, purpose, other) => {
        const sealed = box.seal(value, purpose);
        assert.deepEqual(Buffer.from(box.open(sealed, purpose)), Buffer.from(value));
        assert.notEqual(box.seal(value, purpose), sealed);
        if (Buffer.from(other).equals(Buffer.from(purpose))) return;
        assert.throws(() => box.open(sealed, other), { code: "internal" });
      }),
    );
  }));

test("a sealed value with any one bit changed, or cut short, does not open", () =>
  inFolder(async (keyPath) => {
    const box = await openSecretBox({ keyPath, hasSealed: nothing });
    const sealed = Buffer.from(box.seal(Buffer.from("a value"), "p"), "base64");
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => box.open(changed.toString("base64"), "p"), { code: "internal" }, `bit ${bit}`);
    }
    for (let length = 0; length < sealed.length; length += 1)
      assert.throws(() => box.open(sealed.subarray(0, length).toString("base64"), "p"), { code: "internal" });
  }));

test("neither value nor purpose is to be found in what is sealed", () =>
  inFolder(async (keyPath) => {
    const box = await openSecretBox({ keyPath, hasSealed: nothing });
    const sealed = Buffer.from(box.seal(Buffer.from("the-value"), "the-purpose"), "base64");
    for (const word of ["the-value", "the-purpose"]) assert.equal(sealed.includes(word), false);
  }));

test("the key is made once, for its owner alone, and kept", () =>
  inFolder(async (keyPath) => {
    const sealed = (await openSecretBox({ keyPath, hasSealed: nothing })).seal(Buffer.from("v"), "p");
    const { mode, size } = await stat(keyPath);
    assert.equal(mode & 0o777, 0o600);
    assert.equal(size, 32);
    const again = await openSecretBox({ keyPath, hasSealed: async () => true });
    assert.equal(Buffer.from(again.open(sealed, "p")).toString(), "v");
  }));

test("another key opens nothing", () =>
  inFolder(async (keyPath) => {
    const sealed = (await openSecretBox({ keyPath, hasSealed: nothing })).seal(Buffer.from("v"), "p");
    await writeFile(keyPath, randomBytes(32));
    const other = await openSecretBox({ keyPath, hasSealed: nothing });
    assert.throws(() => other.open(sealed, "p"), { code: "internal" });
  }));

test("a key that is gone while something is sealed is an error that names the backup, and no new one is made", () =>
  inFolder(async (keyPath) => {
    await assert.rejects(openSecretBox({ keyPath, hasSealed: async () => true }), (error: unknown) => {
      assert.ok(isAppError(error, "not_found"));
      assert.match(error.message, /master\.key is gone/);
      assert.match(error.remedy ?? "", /backup/);
      return true;
    });
    await assert.rejects(stat(keyPath), { code: "ENOENT" });
  }));

for (const mode of [0o640, 0o604, 0o660, 0o601]) {
  test(`a key with mode 0${mode.toString(8)} is refused`, () =>
    inFolder(async (keyPath) => {
      await writeFile(keyPath, randomBytes(32));
      await chmod(keyPath, mode);
      await assert.rejects(openSecretBox({ keyPath, hasSealed: nothing }), { code: "forbidden" });
    }));
}

for (const size of [0, 31, 33]) {
  test(`a key of ${size} bytes is refused and stays as it is`, () =>
    inFolder(async (keyPath) => {
      await writeFile(keyPath, randomBytes(size), { mode: 0o600 });
      await assert.rejects(openSecretBox({ keyPath, hasSealed: nothing }), { code: "invalid" });
      assert.equal((await readFile(keyPath)).length, size);
    }));
}
