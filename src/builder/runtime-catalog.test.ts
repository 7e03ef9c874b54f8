import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { makeTarGz, zipOf } from "../../test/archives.ts";
import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import { FolderRuntimeCatalog } from "./runtime-catalog.ts";

const CONTEXT = { name: "hello", options: {} };
const DOCKERFILE = "# My own runtime\nFROM node:20\nCOPY . .\n";

let folder = "";
let catalog: FolderRuntimeCatalog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-runtimes-"));
  catalog = await FolderRuntimeCatalog.open({
    store: mapStore(),
    builtInFolder: join(import.meta.dirname, "../runtimes"),
    uploadedFolder: folder,
    clock: { now: () => Date.now() },
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function mapStore(): RuntimeStore {
  const rows = new Map<string, Runtime>();
  return {
    find: async (name) => rows.get(name),
    list: async () => [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    put: async (runtime) => void rows.set(runtime.name, runtime),
    remove: async (name) => void rows.delete(name),
  };
}

test("the built-in runtimes are listed with a description each, sorted, default among them", async () => {
  const runtimes = await catalog.list();
  const names = runtimes.map((runtime) => runtime.name);
  for (const name of ["crystal", "default", "express", "flask", "kemal", "node", "python", "static"])
    assert.ok(names.includes(name), name);
  assert.deepEqual(names, [...names].sort());
  for (const runtime of runtimes) assert.ok(runtime.description.length > 10, runtime.name);
});

test("reading a built-in gives its shim, but not its README, settings and template", async () => {
  const { dockerfile, files } = await catalog.read("default", CONTEXT);
  assert.match(dockerfile, /^ARG BASE_IMAGE=node:24-slim/);
  const paths = files.map((file) => file.path);
  assert.ok(paths.includes(".slipway/node/start.mjs"));
  assert.deepEqual(
    paths.filter((path) => !path.startsWith(".slipway/")),
    [],
  );
});

test("an uploaded runtime shadows a built-in one until it is deleted", async () => {
  await catalog.saveUploaded("node", DOCKERFILE);
  assert.equal(await catalog.show("node"), DOCKERFILE);
  assert.deepEqual((await catalog.read("node", CONTEXT)).files, []);
  const listed = (await catalog.list()).filter((runtime) => runtime.name === "node");
  assert.deepEqual(
    listed.map((runtime) => [runtime.origin, runtime.description]),
    [["uploaded", "My own runtime"]],
  );
  await catalog.deleteUploaded("node");
  assert.equal((await catalog.get("node")).origin, "builtin");
  assert.deepEqual(await readdir(folder), []);
});

test("uploading again replaces the file and keeps the time of creation", async () => {
  const first = await catalog.saveUploaded("mine", DOCKERFILE);
  const second = await catalog.saveUploaded("mine", `${DOCKERFILE}RUN x\n`);
  assert.equal(second.createdAt, first.createdAt);
  assert.deepEqual(await readdir(folder), [second.path]);
  assert.match(second.path, /^[0-9a-f-]{36}\.dockerfile$/);
});

test("an unknown runtime is not found, and the nearest and all known ones are named", () =>
  assert.rejects(() => catalog.get("pyton"), {
    code: "not_found",
    remedy: /Did you mean python\? .*node, python, static/,
  }));

test("a built-in runtime can't be deleted, an unknown one is not found", async () => {
  await assert.rejects(() => catalog.deleteUploaded("default"), {
    code: "forbidden",
    message: "Cannot delete default runtime",
  });
  await assert.rejects(() => catalog.deleteUploaded("nope"), { code: "not_found" });
});

test("a name that is none and a text that is no Dockerfile are refused", async () => {
  await assert.rejects(() => catalog.saveUploaded("../evil", DOCKERFILE), { code: "invalid" });
  await assert.rejects(() => catalog.saveUploaded("mine", "hello"), { code: "invalid" });
  await assert.rejects(() => catalog.saveUploaded("mine", `FROM a\n#${"x".repeat(1024 * 1024)}`), {
    code: "too_large",
  });
  assert.deepEqual(await readdir(folder), []);
});

test("a runtime whose file is gone is not found and says so", async () => {
  const { path } = await catalog.saveUploaded("mine", DOCKERFILE);
  await rm(join(folder, path));
  await assert.rejects(() => catalog.show("mine"), { code: "not_found", message: /mine is gone/ });
});

test("cleaning up removes files nobody refers to and no others, also while an upload is under way", async () => {
  const { path } = await catalog.saveUploaded("mine", DOCKERFILE);
  for (const name of ["stray.dockerfile", "other.txt"]) await writeFile(join(folder, name), "");
  const uploads = Array.from({ length: 20 }, (_, n) => catalog.saveUploaded(`more-${n}`, DOCKERFILE));
  const removed = await Promise.all([
    catalog.removeUnreferencedFiles(),
    ...uploads.map(() => catalog.removeUnreferencedFiles()),
  ]);
  const paths = (await Promise.all(uploads)).map((runtime) => runtime.path);
  assert.deepEqual([...new Set(removed.flat())], ["stray.dockerfile"]);
  assert.deepEqual((await readdir(folder)).sort(), [path, ...paths, "other.txt"].sort());
});

const FOLDER = {
  "README.md": "A folder",
  "Dockerfile.j2": 'FROM node:20\nRUN add {{ options.ship_packages | join " " }}\n',
  "run.sh": "#!/bin/sh\n",
  "template/a.txt.j2": "{{ name }}",
};

async function saveFolder(name: string, files: Readonly<Record<string, string>>): Promise<Runtime> {
  const archive = join(folder, "upload.zip");
  await writeFile(archive, zipOf(files));
  return catalog.saveFile(name, archive).finally(() => rm(archive));
}

const entries = async (): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name !== ".unpacking").sort();

test("a folder in an archive is a runtime: rendered, listed, with its template", async () => {
  const runtime = await saveFolder("mine", FOLDER);
  assert.deepEqual([runtime.description, runtime.defaultPort, runtime.healthPath], ["A folder", 3000, "/ping"]);
  const { dockerfile, files } = await catalog.read("mine", { name: "hello", options: { ship_packages: ["a", "b"] } });
  assert.equal(dockerfile, "FROM node:20\nRUN add a b\n");
  assert.deepEqual(
    files.map(({ path }) => path),
    ["run.sh"],
  );
  const [template] = await catalog.template("mine", CONTEXT);
  assert.deepEqual([template?.path, Buffer.from(template?.content ?? "").toString()], ["a.txt", "hello"]);
  const { content, paths, hasTemplate } = await catalog.details("mine");
  assert.deepEqual([content, paths, hasTemplate], [FOLDER["Dockerfile.j2"], Object.keys(FOLDER).sort(), true]);
  assert.equal(await catalog.show("mine"), FOLDER["Dockerfile.j2"]);
});

test("a runtime's archive makes the same runtime again, byte for byte; built-in ones have theirs, too", async () => {
  await saveFolder("mine", FOLDER);
  const packed = async (name: string) => Buffer.concat(await Array.fromAsync(await catalog.archive(name)));
  for (const name of ["mine", "express", "default"]) {
    const file = join(folder, "packed.tar.gz");
    await writeFile(file, await packed(name));
    await catalog.saveFile("copy", file);
    assert.deepEqual(await packed("copy"), await packed(name), name);
    await rm(file);
  }
  await catalog.saveUploaded("bare", DOCKERFILE);
  assert.equal((await packed("bare")).length > 0, true);
});

test("one top folder around the runtime is taken away, also without a Dockerfile that says so by its name", async () => {
  const inside = Object.fromEntries(Object.entries(FOLDER).map(([path, text]) => [`mine/${path}`, text]));
  await saveFolder("mine", inside);
  assert.deepEqual((await catalog.details("mine")).paths, Object.keys(FOLDER).sort());
});

test("replacing a folder by a Dockerfile and back leaves one of them, deleting it nothing", async () => {
  const first = await saveFolder("mine", FOLDER);
  const second = await catalog.saveUploaded("mine", DOCKERFILE);
  assert.deepEqual(await entries(), [second.path]);
  const third = await saveFolder("mine", FOLDER);
  assert.deepEqual(await entries(), [third.path]);
  assert.equal(third.createdAt, first.createdAt);
  await catalog.deleteUploaded("mine");
  assert.deepEqual(await entries(), []);
});

test("an archive that is no runtime is refused with what is wrong in it, and leaves nothing", async () => {
  for (const [files, message] of [
    [{ "a.txt": "a" }, /neither Dockerfile nor/],
    [{ Dockerfile: "hello" }, /no FROM/],
    [{ ...FOLDER, "runtime.yml": "prot: 1" }, /runtime\.yml: prot: is no key/],
    [{ ...FOLDER, "run.sh.j2": "{{ oops" }, /^run\.sh\.j2/],
    [{ ...FOLDER, "template/b.j2": "\n{{ oops }}" }, /^template\/b\.j2, line 2: uses "oops"/],
    [{ "../Dockerfile": "FROM a" }, /relative path/],
  ] as const)
    await assert.rejects(() => saveFolder("mine", files), { code: "invalid", message });
  const links = join(folder, "links.tar.gz");
  await writeFile(
    links,
    await makeTarGz([
      { name: "Dockerfile", content: "FROM a\n" },
      { name: "link", type: "symlink", linkname: "Dockerfile" },
    ]),
  );
  await assert.rejects(() => catalog.saveFile("mine", links), { code: "invalid", message: /is a link/ });
  await rm(links);
  assert.deepEqual(await entries(), []);
  await assert.rejects(() => catalog.get("mine"), { code: "not_found" });
});

test("whoever reads while a runtime is replaced gets the one or the other, whole", async () => {
  await saveFolder("mine", FOLDER);
  const replacing = Array.from({ length: 10 }, (_, n) =>
    catalog.saveUploaded("mine", `FROM node:20\nRUN add ${"x".repeat(n)}\n`),
  );
  const reads = Array.from({ length: 50 }, () => catalog.read("mine", CONTEXT));
  for (const { dockerfile } of await Promise.all(reads)) assert.match(dockerfile, /^FROM node:20\nRUN add x*\n$/);
  await Promise.all(replacing);
});

test("a folder that is gone is not found and says so; strays of folders are cleaned up", async () => {
  const { path } = await saveFolder("mine", FOLDER);
  await rm(join(folder, path), { recursive: true });
  await assert.rejects(() => catalog.read("mine", CONTEXT), { code: "not_found", message: /folder of runtime mine/ });
  const stray = "00000000-0000-4000-8000-000000000000";
  await mkdir(join(folder, stray, "sub"), { recursive: true });
  assert.deepEqual(await catalog.removeUnreferencedFiles(), [stray]);
});
