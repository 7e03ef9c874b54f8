import assert from "node:assert/strict";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { FakeServer, sendError, sendJson } from "../testing/fake-server.ts";
import { FakeRuntimes, openFakeWorkshop } from "../testing/fake-workshop.ts";
import { Home } from "../testing/run-slipway.ts";
import { DEPLOYMENT_ID, deploymentView, functionView } from "../testing/views.ts";

async function homeWith(...folders: readonly string[]): Promise<Home> {
  const home = await Home.open();
  for (const folder of folders) {
    await mkdir(join(home.path, folder));
    await writeFile(join(home.path, folder, "index.js"), "");
  }
  return home;
}

/** The `manifest` parts of all uploads, in order. */
function manifests(server: FakeServer): readonly unknown[] {
  return server.asked
    .filter(
      ({ method, path }) => (method === "POST" && path.startsWith("/api/functions?")) || path === "/api/functions",
    )
    .map(({ body }) => /name="manifest"\r\n\r\n(.*)\r\n/.exec(body.toString("latin1"))?.[1])
    .filter((part) => part !== undefined)
    .map((part) => JSON.parse(part));
}

test("up prints one URL per folder; one that fails is told, the others are still brought up, and the status is 1", async () => {
  await using home = await homeWith("one", "two", "three");
  await using server = await FakeServer.open();
  let uploads = 0;
  server.routes.set("POST /api/functions", (_, response) => {
    uploads += 1;
    if (uploads === 2) return sendError(response, 409, "conflict", "port 3000 is taken");
    const name = uploads === 1 ? "one" : "three";
    const deployment = deploymentView({ function: name });
    sendJson(response, 202, { function: functionView({ name }), deployment, detected: null, unchanged: false });
  });
  const { status, stdout, stderr } = await home.on(server, ["up", "one", "two", "three"]);
  assert.equal(status, 1);
  assert.equal(stdout, "http://one.localhost:8080/\nhttp://three.localhost:8080/\n");
  assert.match(stderr, /^== one\n[\s\S]*one is up .*\n== two\n[\s\S]*error: port 3000 is taken\n== three\n/);
  assert.match(stderr, /error: 1 of 3 folders failed: two\.\n$/);

  uploads = 0;
  const asJson = await home.on(server, ["up", "one", "two", "--json"]);
  const [good, bad] = JSON.parse(asJson.stdout);
  assert.deepEqual([asJson.status, asJson.stderr], [1, ""]);
  assert.deepEqual([good.folder, good.function.url], ["one", "http://one.localhost:8080/"]);
  assert.deepEqual([bad.folder, bad.error.error], ["two", "conflict"]);
});

test("--name is one folder's, and a folder that is not there is an error, not passed over", async () => {
  await using home = await homeWith("one", "two");
  await using server = await FakeServer.open();
  const named = await home.on(server, ["up", "one", "two", "--name", "x"]);
  assert.deepEqual([named.status, named.stdout], [2, ""]);
  for (const command of ["up", "build"]) {
    const { status, stderr } = await home.on(server, [command, "gone", "one"]);
    assert.equal(status, 1);
    assert.match(stderr, /There is no .*gone[\s\S]*1 of 2 folders failed: gone\.\n$/);
  }
});

test("build asks for no deployment, passes its flags on, waits until it is built, and prints the image", async () => {
  await using home = await homeWith("hello");
  await using server = await FakeServer.open();
  server.functions = [functionView({ name: "x" })];
  server.deployments = [deploymentView({ status: "building" }), deploymentView({ status: "built" })];
  const { status, stdout, stderr } = await home.on(server, [
    "build",
    "hello",
    "--no-runtime",
    "--no-cache",
    "--name",
    "x",
  ]);
  assert.deepEqual([status, stdout], [0, "slipway/default/hello:0123456789ab\n"], stderr);
  assert.match(stderr, /x is built \(\d+\.\d s\)\n$/);
  assert.ok(server.calls.includes("POST /api/functions?deploy=0&no_cache=1"));
  assert.deepEqual(manifests(server), [{ name: "x", runtime: null }]);
});

test("a runtime that is a folder is merged here: what goes up needs none, and its defaults stand where the manifest is silent", async () => {
  await using home = await homeWith("hello");
  await using server = await FakeServer.open();
  await mkdir(join(home.path, "mine"));
  await writeFile(join(home.path, "hello/slipway.yml"), "name: hello\nruntime: ../mine\noptions: {a: b}\nport: 4000\n");
  const runtimes = new FakeRuntimes();
  const deps = { openWorkshop: openFakeWorkshop(runtimes) };
  const about = { name: "hello", options: { a: "b" } };
  const paths = [join(home.path, "hello"), join(home.path, "mine")];
  for (const flags of [[], ["--runtime", "mine"], ["--runtime", "./mine"]]) {
    const { status, stderr } = await home.on(server, ["up", "hello", ...flags], { deps });
    assert.equal(status, 0, stderr);
    assert.deepEqual(runtimes.staged.at(-1), [...paths, about]);
    assert.deepEqual(manifests(server).at(-1), { name: "hello", runtime: null, resources: { memoryMb: 64 } });
    assert.match(
      server.asked.findLast(({ path }) => path === "/api/functions")?.body.toString() ?? "",
      /\r\n\r\nmerged\r\n/,
    );
  }
});

test("a folder called like a runtime is not taken for one", async () => {
  await using home = await homeWith("hello", "node");
  await using server = await FakeServer.open();
  assert.equal((await home.on(server, ["up", "hello", "--runtime", "node"])).status, 0);
  assert.deepEqual(manifests(server), [{ name: "hello", runtime: "node" }]);
});

test("a folder of 2 GB is refused before it is read, naming the largest in it", async () => {
  await using home = await homeWith("hello");
  await using server = await FakeServer.open();
  const info = {
    version: "0.1.0",
    server_id: "s1",
    address: "",
    upload_limit_bytes: 2000,
    unpacked_limit_bytes: 2 ** 30,
  };
  server.routes.set("GET /api/system/info", (_, response) => sendJson(response, 200, info));
  await mkdir(join(home.path, "hello/data"));
  // Sparse: they have a size and no blocks.
  for (const [path, size] of [
    ["data/a", 2 ** 30],
    ["data/b", 2 ** 30],
    ["film.mp4", 2 ** 20],
  ] as const) {
    await writeFile(join(home.path, "hello", path), "");
    await truncate(join(home.path, "hello", path), size);
  }
  const { status, stderr } = await home.on(server, ["up", "hello"]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /hello is 2\.0 GiB; the server takes at most 1\.0 GiB\. The largest in it: data\/ \(2\.0 GiB\), film\.mp4 \(1\.0 MiB\)/,
  );
  assert.ok(!server.calls.some((call) => call.startsWith("POST")));

  // What packs to more than the server takes is noticed while it is packed.
  await using other = await homeWith("noise");
  await writeFile(
    join(other.path, "noise/noise"),
    Buffer.from(Array.from({ length: 9000 }, () => Math.random() * 256)),
  );
  const packed = await other.on(server, ["up", "noise"]);
  assert.equal(packed.status, 1);
  assert.match(packed.stderr, /noise packs to more than 2\.0 KiB[\s\S]*noise \(8\.8 KiB\)/);
});

test("Ctrl-C during the upload sends no more, and says that nothing has changed", async () => {
  await using home = await homeWith("hello");
  await using server = await FakeServer.open();
  server.functions = [];
  const ended = Promise.withResolvers<void>();
  const endless = async function* () {
    try {
      for (let n = 0; ; n += 1) {
        if (n === 3) home.interrupt();
        await setImmediate();
        yield Buffer.alloc(65_536);
      }
    } finally {
      ended.resolve();
    }
  };
  const runtimes = new FakeRuntimes();
  runtimes.stageFolder = async () => ({ defaults: {}, open: endless }) as never;
  await mkdir(join(home.path, "mine"));
  const deps = { openWorkshop: openFakeWorkshop(runtimes) };
  const { status, stderr } = await home.on(server, ["up", "hello", "--runtime", "./mine"], { deps });
  assert.equal(status, 130);
  assert.match(stderr, /error: The upload of hello was interrupted; nothing has changed\.\n$/);
  assert.ok(!server.calls.some((call) => call.includes("/cancel") || call.startsWith("DELETE")));
  // It is read no further; with a folder this would be packed to its end.
  await ended.promise;
});

test("Ctrl-C when everything is sent: the server's answer is waited for, and what it began is taken back", async () => {
  await using home = await homeWith("hello");
  await using server = await FakeServer.open();
  server.functions = [];
  const building = deploymentView({ status: "building" });
  server.routes.set("POST /api/functions", (_, response) => {
    home.interrupt();
    server.functions = [functionView({ status: "building" })];
    server.deployments = [building];
    sendJson(response, 202, { function: functionView({}), deployment: building, detected: null, unchanged: false });
  });
  const { status, stderr } = await home.on(server, ["up", "hello"]);
  assert.equal(status, 130);
  assert.match(stderr, /The deployment of hello was cancelled; since it never ran, hello is removed again\.\n$/);
  assert.deepEqual(server.calls.slice(-3), [
    `POST /api/functions/hello/deployments/${DEPLOYMENT_ID}/cancel`,
    "GET /api/functions/hello/deployments?limit=100&offset=0",
    "DELETE /api/functions/hello",
  ]);
});

test("Ctrl-C leaves a function that was there, and a new one that somebody else has deployed meanwhile", async () => {
  for (const wasThere of [true, false]) {
    await using home = await homeWith("hello");
    await using server = await FakeServer.open();
    const building = deploymentView({ status: "building" });
    if (!wasThere) server.functions = [];
    server.routes.set("POST /api/functions", (_, response) => {
      server.functions = [functionView({})];
      server.deployments = [deploymentView({ id: "2f0c2a9e-0000-4000-8000-000000000002" }), building];
      sendJson(response, 202, { function: functionView({}), deployment: building, detected: null, unchanged: false });
    });
    server.routes.set(`GET /api/functions/hello/deployments/${DEPLOYMENT_ID}`, (_, response) => {
      home.interrupt();
      sendJson(response, 200, building);
    });
    const { status, stderr } = await home.on(server, ["up", "hello"]);
    assert.equal(status, 130);
    assert.match(stderr, /The deployment of hello was cancelled\.\n$/);
    assert.ok(!server.calls.some((call) => call.startsWith("DELETE")));
  }
});
