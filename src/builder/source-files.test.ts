import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { makeTarGz, makeZip, type TarEntry, type ZipEntry, zipOf } from "../../test/archives.ts";
import { isAppError } from "../domain/errors.ts";
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import { TarSourceFiles } from "./source-files.ts";

let folder = "";
let sources: TarSourceFiles;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-sources-"));
  sources = await TarSourceFiles.open(join(folder, "sources"), { now: () => 1 });
});
after(() => rm(folder, { recursive: true, force: true }));

async function importBytes(bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}) {
  const path = join(folder, "upload");
  await writeFile(path, bytes);
  return sources.importArchive(path, { ...DEFAULT_ARCHIVE_LIMITS, ...limits });
}

/** Asserts the refusal, and that nothing stays behind. */
async function refuses(bytes: Uint8Array, code: string, words: RegExp, limits: Partial<ArchiveLimits> = {}) {
  const before = await readdir(join(folder, "sources"), { recursive: true });
  await assert.rejects(
    () => importBytes(bytes, limits),
    (error: unknown) => {
      assert.ok(isAppError(error), String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, words);
      assert.ok(error.fields?.file);
      return true;
    },
  );
  assert.deepEqual(await readdir(join(folder, "sources"), { recursive: true }), before);
}

async function modesOf(id: string): Promise<Record<string, string>> {
  const tar = extract();
  tar.end(await readFile(await sources.tarPath(id)));
  const modes: Record<string, string> = {};
  for await (const entry of tar) {
    const { name, type, mode, uid, mtime, linkname } = entry.header;
    assert.equal(uid, 0);
    assert.equal(mtime.getTime(), 0);
    modes[name] = `${type} ${mode.toString(8)}${linkname ? ` ${linkname}` : ""}`;
    entry.resume();
  }
  return modes;
}

test("the same files give the same id, whatever the order, the format or the folder entries", async () => {
  const a = await importBytes(zipOf({ "b.txt": "b", "a/x.txt": "x" }));
  const b = await importBytes(
    makeZip([{ name: "a/" }, { name: "a/x.txt", content: "x", isStored: true }, { name: "b.txt", content: "b" }]),
  );
  const c = await importBytes(
    await makeTarGz([
      { name: "./a/x.txt", content: "x" },
      { name: "./b.txt", content: "b" },
    ]),
  );
  assert.equal(a.id, b.id);
  assert.equal(a.id, c.id);
  assert.notEqual(a.id, (await importBytes(zipOf({ "b.txt": "c", "a/x.txt": "x" }))).id);
});

test("files are kept with their content and listed in order; dotfiles, empty files and empty folders too", async () => {
  const { id, entryCount } = await importBytes(
    makeZip([{ name: "z.txt", content: "z" }, { name: ".env", content: "" }, { name: "empty/" }]),
  );
  assert.equal(entryCount, 3);
  assert.deepEqual(await sources.listPaths(id), [".env", "z.txt"]);
  assert.equal(Buffer.from((await sources.readFile(id, "z.txt")) ?? []).toString(), "z");
  assert.equal((await sources.readFile(id, ".env"))?.length, 0);
  assert.equal(await sources.readFile(id, "nope"), undefined);
  assert.equal((await modesOf(id)).empty ?? (await modesOf(id))["empty/"], "directory 755");
});

test("permission bits are kept, all others dropped; an entry without any gets 0644", async () => {
  const { id } = await importBytes(
    makeZip([
      { name: "run.sh", content: "x", unixMode: 0o104755 },
      { name: "dos.txt", content: "x" },
      { name: "link", content: "run.sh", unixMode: 0o120777 },
    ]),
  );
  assert.deepEqual(await modesOf(id), { "dos.txt": "file 644", link: "symlink 777 run.sh", "run.sh": "file 755" });
});

test("what operating systems add to archives is left out", async () => {
  const { id } = await importBytes(zipOf({ "a.txt": "a", "__MACOSX/._a.txt": "x", "sub/.DS_Store": "x" }));
  assert.deepEqual(await sources.listPaths(id), ["a.txt"]);
});

test("one top folder is taken away when it is the project, and stays when it is a part of one", async () => {
  const project = await importBytes(zipOf({ "my-app-main/package.json": "{}", "my-app-main/lib/a.js": "" }));
  assert.deepEqual(await sources.listPaths(project.id), ["lib/a.js", "package.json"]);
  const part = await importBytes(zipOf({ "src/index.js": "", "src/package.json": "{}" }));
  assert.deepEqual(await sources.listPaths(part.id), ["src/index.js", "src/package.json"]);
  const other = await importBytes(zipOf({ "data/a.csv": "1" }));
  assert.deepEqual(await sources.listPaths(other.id), ["data/a.csv"]);
});

const REFUSED_ZIPS: readonly (readonly [string, RegExp, readonly ZipEntry[]])[] = [
  ["a path that leads out", /invalid relative path|leads out/, [{ name: "../evil", content: "x" }]],
  ["a path that leads out further down", /invalid relative path|leads out/, [{ name: "a/../../evil", content: "x" }]],
  ["an absolute path", /absolute/, [{ name: "/etc/passwd", content: "x" }]],
  ["a backslash", /characters|backslash/, [{ name: "a\\..\\..\\evil", content: "x" }]],
  ["a drive letter", /absolute|drive/, [{ name: "C:/evil", content: "x" }]],
  ["a NUL", /NUL/, [{ name: "a\0b", content: "x" }]],
  [
    "the same path twice",
    /twice/,
    [
      { name: "a", content: "1" },
      { name: "./a", content: "2" },
    ],
  ],
  [
    "a file that is a folder as well",
    /folder/,
    [
      { name: "a", content: "1" },
      { name: "a/b", content: "2" },
    ],
  ],
  [
    "a folder that is a file as well",
    /file and a folder/,
    [
      { name: "a/b", content: "2" },
      { name: "a", content: "1" },
    ],
  ],
  [
    "a link out of the tree",
    /leads out/,
    [
      { name: "l", content: "../x", unixMode: 0o120777 },
      { name: "a", content: "" },
    ],
  ],
  ["an absolute link", /absolute/, [{ name: "l", content: "/etc", unixMode: 0o120777 }]],
  ["a link that goes down and up", /down and up/, [{ name: "d/l", content: "x/../../..", unixMode: 0o120777 }]],
  [
    "a file below a link",
    /no folder/,
    [
      { name: "l", content: "d", unixMode: 0o120777 },
      { name: "l/x", content: "" },
    ],
  ],
  ["a pipe", /device/, [{ name: "p", content: "", unixMode: 0o010644 }]],
  ["an encrypted entry", /encrypted/, [{ name: "a", content: "x", flags: 1 }]],
  ["a wrong checksum", /checksum/, [{ name: "a", content: "x", claimedCrc: 1 }]],
  ["a wrong size", /corrupt/, [{ name: "a", content: "xxxxxxxxxx", claimedSize: 2 }]],
  ["only folders", /no files/, [{ name: "a/" }]],
  ["a name of over 255 bytes", /255/, [{ name: "x".repeat(256), content: "" }]],
];

for (const [what, words, entries] of REFUSED_ZIPS) {
  test(`a zip with ${what} is refused and leaves nothing behind`, () => refuses(makeZip(entries), "invalid", words));
}

const REFUSED_TARS: readonly (readonly [string, RegExp, readonly TarEntry[]])[] = [
  ["a path that leads out", /leads out/, [{ name: "../evil", content: "x" }]],
  ["an absolute path", /absolute/, [{ name: "/etc/passwd", content: "x" }]],
  [
    "a hard link",
    /hard link/,
    [
      { name: "a", content: "x" },
      { name: "b", type: "link", linkname: "/etc/passwd" },
    ],
  ],
  ["a pipe", /device/, [{ name: "p", type: "fifo" }]],
  ["a device", /device/, [{ name: "d", type: "character-device" }]],
  ["a link out of the tree", /leads out/, [{ name: "l", type: "symlink", linkname: "../../x" }]],
];

for (const [what, words, entries] of REFUSED_TARS) {
  test(`a tar.gz with ${what} is refused and leaves nothing behind`, async () =>
    refuses(await makeTarGz(entries), "invalid", words));
}

test("what is no archive, an empty file, an empty zip, a truncated zip or tar.gz is refused", async () => {
  await refuses(Buffer.from("hello"), "invalid", /neither a zip nor a tar.gz/);
  await refuses(Buffer.alloc(0), "invalid", /neither/);
  await refuses(makeZip([]), "invalid", /no files/);
  const zip = zipOf({ "a.txt": "a".repeat(1000) });
  await refuses(zip.subarray(0, zip.length - 30), "invalid", /corrupt/);
  const tar = await makeTarGz([{ name: "a", content: "abc".repeat(5000) }]);
  await refuses(tar.subarray(0, tar.length - 20), "invalid", /corrupt/);
  await refuses(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from("rubbish rubbish")]), "invalid", /corrupt/);
});

test("each limit is kept while unpacking, whatever the headers say", async () => {
  const zip = zipOf({ "a.txt": "a".repeat(5000), "b.txt": "b" });
  await refuses(zip, "too_large", /larger than 10 bytes/, { uploadBytes: 10 });
  await refuses(zip, "too_large", /more than 1 entries/, { entries: 1 });
  await refuses(zip, "too_large", /unpacks to more than 4000 bytes/, { unpackedBytes: 4000 });
  const bomb = makeZip([{ name: "bomb", content: Buffer.alloc(20 * 1024 * 1024), claimedSize: 20 * 1024 * 1024 }]);
  await refuses(bomb, "too_large", /100 times/);
  await refuses(await makeTarGz([{ name: "bomb", content: "\0".repeat(20 * 1024 * 1024) }]), "too_large", /100 times/);
});

test("a removed source is gone, and an unknown one is not found", async () => {
  const { id } = await importBytes(zipOf({ "only.txt": "1" }));
  assert.ok((await sources.list()).includes(id));
  await sources.remove(id);
  await sources.remove(id);
  assert.ok(!(await sources.list()).includes(id));
  await assert.rejects(() => sources.listPaths(id), { code: "not_found" });
  await assert.rejects(() => sources.tarPath("../../etc/passwd"), { code: "not_found" });
});

test("what an earlier process left half imported is removed at the next start", async () => {
  await writeFile(join(folder, "sources/.importing/half.spool"), "x");
  await TarSourceFiles.open(join(folder, "sources"), { now: () => 1 });
  assert.deepEqual(await readdir(join(folder, "sources/.importing")), []);
});

test("long and non-ASCII paths survive", async () => {
  const long = `${"deep/".repeat(30)}ünï—✓.txt`;
  const { id } = await importBytes(zipOf({ [long]: "x" }));
  assert.deepEqual(await sources.listPaths(id), [long]);
});

test("what a tar holds besides its files counts, too: nobody may keep the server unpacking", async () => {
  const limits = { unpackedBytes: 4 * 1024 * 1024, entries: 10 };
  const files = [{ name: "index.js", content: "x" }];
  const litter = { name: ".DS_Store", content: "\0".repeat(16 * 1024 * 1024) };
  await refuses(await makeTarGz([...files, litter]), "too_large", /unpacks to more than/, limits);
  const tar = gunzipSync(await makeTarGz(files));
  const padded = gzipSync(Buffer.concat([tar, Buffer.alloc(16 * 1024 * 1024)]));
  await refuses(padded, "too_large", /unpacks to more than/, limits);
  await importBytes(gzipSync(Buffer.concat([tar, Buffer.alloc(64 * 1024)])), limits);
});
