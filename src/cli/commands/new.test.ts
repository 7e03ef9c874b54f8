import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { FakeServer } from "../testing/fake-server.ts";
import { openFakeWorkshop } from "../testing/fake-workshop.ts";
import { Home, type Result, type RunInput } from "../testing/run-slipway.ts";

const NOWHERE = { SLIPWAY_URL: "http://127.0.0.1:1", SLIPWAY_TOKEN: "x" };

function slipway(home: Home, argv: readonly string[], input: RunInput = {}): Promise<Result> {
  return home.run(argv, { env: NOWHERE, ...input, deps: { openWorkshop: openFakeWorkshop(), ...input.deps } });
}

test("new writes the template with a manifest that names its schema, and says what comes next", async () => {
  await using home = await Home.open();
  const { status, stdout, stderr } = await slipway(home, ["new", "-r", "node", "apps/hello"]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.equal(stdout, "Made apps/hello/index.js\nMade apps/hello/slipway.yml\n\nNext: slipway up apps/hello\n");
  assert.equal(await readFile(join(home.path, "apps/hello/index.js"), "utf8"), "// hello\n");
  assert.equal(
    await readFile(join(home.path, "apps/hello/slipway.yml"), "utf8"),
    "# yaml-language-server: $schema=http://127.0.0.1:1/api/manifest.schema.json\nname: hello\nruntime: node\n",
  );
});

test("a template without a manifest gets one, and without -r and a terminal it is node", async () => {
  await using home = await Home.open();
  assert.equal((await slipway(home, ["new", "page", "--runtime", "static"])).status, 0);
  assert.match(await readFile(join(home.path, "page/slipway.yml"), "utf8"), /\nname: page\nruntime: static\n$/);
  const { stdout } = await slipway(home, ["new", "plain", "--json"]);
  const { folder, ...document } = JSON.parse(stdout);
  assert.equal(folder, join(home.path, "plain"));
  assert.deepEqual(document, { name: "plain", runtime: "node", files: ["index.js", "slipway.yml"] });
});

test("a folder is a runtime too, and the manifest says the way to it", async () => {
  await using home = await Home.open();
  await mkdir(join(home.path, "mine/template"), { recursive: true });
  await writeFile(join(home.path, "mine/template/slipway.yml"), "name: {{ name }}\nruntime: mine\n");
  for (const [runtime, folder] of [
    ["./mine", "one"],
    ["mine", "two"],
    ["~/mine", "three"],
  ] as const) {
    assert.equal((await slipway(home, ["new", "-r", runtime, folder])).status, 0, runtime);
    assert.match(await readFile(join(home.path, folder, "slipway.yml"), "utf8"), /\nruntime: \.\.\/mine\n$/);
  }
});

test("a runtime that only the server has comes from there as an archive", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const archive = pack();
  archive.entry({ name: "Dockerfile" }, "FROM scratch\n");
  archive.entry({ name: "template/main.ts" }, "// {{ name }}\n");
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.pipe(createGzip())) chunks.push(chunk);
  server.routes.set("GET /api/runtimes/deno/archive", (_, response) => {
    response.end(Buffer.concat(chunks));
  });
  const deps = { openWorkshop: openFakeWorkshop() };
  const { status, stderr } = await home.on(server, ["new", "-r", "deno", "hello"], { deps });
  assert.equal(status, 0, stderr);
  assert.equal(await readFile(join(home.path, "hello/main.ts"), "utf8"), "// hello\n");
  assert.match(await readFile(join(home.path, "hello/slipway.yml"), "utf8"), /\nruntime: deno\n$/);

  server.routes.set("GET /api/runtimes/deno/archive", (_, response) => {
    response.end("no archive");
  });
  const broken = await home.on(server, ["new", "-r", "deno", "other"], { deps });
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /archive of the runtime can't be unpacked/);
  assert.deepEqual(await readdir(home.path), ["hello"]);
});

test("new -r list shows what there is, the server's too, and does without a server", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const alone = await slipway(home, ["new", "-r", "list"]);
  assert.equal(
    alone.stdout,
    "  node    node functions\n  static  static functions\n\nOr if you have your own, use a folder name\n",
  );
  assert.deepEqual([alone.status, alone.stderr], [0, ""]);
  const deps = { openWorkshop: openFakeWorkshop() };
  const { stdout } = await home.on(server, ["new", "-r", "list", "--json"], { deps });
  assert.deepEqual(
    JSON.parse(stdout).map(({ name, origin }: Record<string, string>) => [name, origin]),
    [
      ["deno", "uploaded"],
      ["node", "builtin"],
      ["static", "builtin"],
    ],
  );
});

test("what can't be made is refused with the nearest that can, and nothing is changed", async () => {
  await using home = await Home.open();
  await mkdir(join(home.path, "there"));
  for (const [argv, status, words] of [
    [["new", "-r", "node", "there"], 1, /there is there already; nothing was changed/],
    [["new", "-r", "noed", "hello"], 1, /Can't find runtime noed\. Did you mean node\?/],
    [["new", "-r", "./gone", "hello"], 1, /Can't find runtime \.\/gone: there is no such folder/],
    [["new", "-r", "node", "My_App"], 2, /Use a folder called my-app/],
    [["new", "-r", "node", "api"], 2, /Use a folder called my-api/],
    [["new", "-r", "node"], 2, /Which folder shall be made\?/],
  ] as const) {
    await writeFile(join(home.path, "there/file.txt"), "kept");
    const result = await slipway(home, argv);
    assert.equal(result.status, status, result.stderr);
    assert.match(result.stderr, words);
    assert.deepEqual(await readdir(home.path), ["there"], argv.join(" "));
    assert.deepEqual(await readdir(join(home.path, "there")), ["file.txt"]);
  }
});

test("a folder that can't be written leaves nothing half-made", async () => {
  await using home = await Home.open();
  await writeFile(join(home.path, "file"), "");
  const { status, stderr } = await slipway(home, ["new", "-r", "node", "file/hello"]);
  assert.equal(status, 1);
  assert.match(stderr, /file\/hello can't be made: /);
});
