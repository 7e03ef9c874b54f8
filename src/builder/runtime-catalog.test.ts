import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
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
  for (const name of ["default", "node", "python", "static"]) assert.ok(names.includes(name), name);
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
