import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { writeSecretDirectory } from "./secret-directory.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), "slipway-secrets-"));
  try {
    await work(join(parent, "default", "hello"));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

const filesOf = (files: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));

async function visible(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith("..")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? ""]));
}

test("files, folder and parents have the modes that let only instances read them", () =>
  inFolder(async (folder) => {
    await writeSecretDirectory(folder, filesOf({ a: "1" }));
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    assert.deepEqual(
      [await modeOf(join(folder, "..")), await modeOf(folder), await modeOf(join(folder, "a"))],
      [0o700, 0o755, 0o444],
    );
    assert.equal(await readlink(join(folder, "a")), "..data/a");
  }));

test("whatever was there before, exactly the given files are seen, and nothing older is left", () =>
  inFolder(async (folder) => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,9}$/);
    const contents = fc.dictionary(name, fc.string(), { maxKeys: 5, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(contents, async (files) => {
        await writeSecretDirectory(folder, filesOf(files));
        assert.deepEqual(await visible(folder), Object.fromEntries(Object.entries(files).sort()));
        assert.equal((await readdir(folder)).filter((entry) => entry.startsWith("..")).length, 2);
      }),
      { numRuns: 60 },
    );
  }));

test("the folder stays the same one, so that a mount of it sees each change", () =>
  inFolder(async (folder) => {
    await writeSecretDirectory(folder, filesOf({ a: "1" }));
    const { ino } = await stat(folder);
    await writeSecretDirectory(folder, filesOf({ a: "2", b: "3" }));
    assert.equal((await stat(folder)).ino, ino);
  }));

test("bytes are exact: empty, binary, half a MiB", () =>
  inFolder(async (folder) => {
    const contents = [Buffer.alloc(0), Buffer.from([0, 255, 10, 13]), Buffer.alloc(512 * 1024, 7)];
    await writeSecretDirectory(folder, new Map(contents.map((content, i) => [`f${i}`, content])));
    for (const [i, content] of contents.entries()) assert.deepEqual(await readFile(join(folder, `f${i}`)), content);
  }));

test("what has not changed is not touched", () =>
  inFolder(async (folder) => {
    await writeSecretDirectory(folder, filesOf({ a: "1", b: "" }));
    const before = await readlink(join(folder, "..data"));
    await writeSecretDirectory(folder, filesOf({ b: "", a: "1" }));
    assert.equal(await readlink(join(folder, "..data")), before);
  }));

test("what a killed write left behind goes with the next one", () =>
  inFolder(async (folder) => {
    await writeSecretDirectory(folder, filesOf({ a: "1" }));
    await mkdir(join(folder, "..abandoned"));
    await writeFile(join(folder, "..abandoned", "a"), "x");
    await writeFile(join(folder, "..next"), "");
    await writeSecretDirectory(folder, filesOf({ a: "1" }));
    assert.deepEqual((await readdir(folder)).filter((name) => name !== "a").length, 2);
    assert.deepEqual(await visible(folder), { a: "1" });
  }));

test("a reader never sees a file half written, missing, or of another generation than its neighbour", () =>
  inFolder(async (folder) => {
    const both = (n: number) => filesOf({ a: `${n}`.repeat(2000), b: `${n}`.repeat(2000) });
    await writeSecretDirectory(folder, both(0));
    let isOver = false;
    const reading = (async () => {
      let reads = 0;
      for (; !isOver; reads += 1) {
        const text = await readFile(join(folder, "a"), "utf8");
        assert.match(text, /^(\d)\1{1999}$/);
        // One look at `..data` shows one generation whole.
        const data = join(folder, await readlink(join(folder, "..data")));
        const pair = await Promise.all(["a", "b"].map((name) => readFile(join(data, name), "utf8"))).catch(() => [
          "",
          "",
        ]);
        assert.equal(pair[0], pair[1]);
        await setImmediate();
      }
      return reads;
    })();
    for (let n = 1; n < 150; n += 1) await writeSecretDirectory(folder, both(n % 10));
    isOver = true;
    assert.ok((await reading) > 20);
  }));
