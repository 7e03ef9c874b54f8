/** The command line with the real manifest reader: what it sends, and what stops it before anything is sent. */

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { manifestOf, readFolderManifest } from "../../src/cli/function-manifest.ts";
import { FakeServer } from "../../src/cli/testing/fake-server.ts";
import { Home } from "../../src/cli/testing/run-slipway.ts";
import { LazyManifestReader } from "../../src/main/manifests.ts";

const manifests = new LazyManifestReader();

async function homeWith(files: Readonly<Record<string, string>>): Promise<Home> {
  const home = await Home.open();
  await mkdir(join(home.path, "shop"));
  for (const [path, content] of Object.entries(files)) await writeFile(join(home.path, "shop", path), content);
  return home;
}

test("a manifest with a typing error is refused with its lines before anything is uploaded", async () => {
  await using home = await homeWith({ "index.html": "", "slipway.yml": "name: shop\nprot: 80\nport: '1'\n" });
  await using server = await FakeServer.open();
  const { status, stderr } = await home.on(server, ["deploy", "shop"], { deps: { manifests } });
  assert.equal(status, 1);
  assert.match(stderr, /slipway\.yml:2:1: unknown key `prot`; did you mean `port`\?\n/);
  assert.match(stderr, /slipway\.yml:3:7: port: must be a number, not "1"; write it without quotes/);
  assert.ok(!server.calls.some((call) => call.startsWith("POST")));
});

test("name and runtime of the file are sent, all else is the server's to read; flags count first", async () => {
  await using home = await homeWith({ "slipway.yml": "name: greet\nruntime: node\nport: 3000\nenv: {A: 1}\n" });
  const source = { folder: join(home.path, "shop"), archive: undefined, baseName: "shop" };
  assert.deepEqual(await manifestOf({}, source, manifests), { name: "greet", runtime: "node" });
  assert.deepEqual(await manifestOf({ name: "x", runtime: null, port: 1, replicas: 2 }, source, manifests), {
    name: "x",
    runtime: null,
    port: 1,
    replicas: 2,
  });
  assert.deepEqual(await manifestOf({}, { ...source, folder: undefined }, manifests), { name: "shop" });
});

test("slipway.yml is read, else funko.yml, else nothing", async () => {
  await using home = await homeWith({ "funko.yml": "name: Hello\nauthor: me\n" });
  const folder = join(home.path, "shop");
  const funko = await readFolderManifest(folder, manifests);
  assert.deepEqual([funko?.file, funko?.manifest.name, funko?.warnings.length], ["funko.yml", "hello", 1]);
  await writeFile(join(folder, "slipway.yml"), "name: mine\n");
  assert.deepEqual((await readFolderManifest(folder, manifests))?.manifest, { name: "mine" });
  assert.equal(await readFolderManifest(home.path, manifests), undefined);
});

test("schema prints the JSON Schema, with --json the same document", async () => {
  await using home = await Home.open();
  const plain = await home.run(["schema"], { deps: { manifests } });
  const asJson = await home.run(["schema", "--json"], { deps: { manifests } });
  assert.deepEqual([plain.status, JSON.parse(plain.stdout)], [0, await manifests.jsonSchema()]);
  assert.deepEqual(JSON.parse(asJson.stdout), JSON.parse(plain.stdout));
});
