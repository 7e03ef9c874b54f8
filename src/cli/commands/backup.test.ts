import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FakeServer } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";

test("a backup that breaks off leaves no file behind, and the one that was there untouched", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("POST /api/system/backup", (_, response) => {
    response.writeHead(200, { "content-type": "application/gzip" });
    response.write("the first part", () => response.destroy());
  });
  await writeFile(join(home.path, "b.tar.gz"), "yesterday's");
  const { status, stderr } = await home.on(server, ["backup", "b.tar.gz", "--force"]);
  assert.equal(status, 1);
  assert.match(stderr, /can't be reached/);
  assert.deepEqual(await readdir(home.path), ["b.tar.gz"]);
  assert.equal(await readFile(join(home.path, "b.tar.gz"), "utf8"), "yesterday's");
});

test("a backup goes to a private file, or byte for byte to standard output", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("POST /api/system/backup", ({ path }, response) => {
    response.writeHead(200, { "content-type": "application/gzip" }).end(path.includes("volumes=1") ? "all" : "most");
  });
  assert.equal((await home.on(server, ["backup", "-"])).stdout, "most");
  const { status, stdout } = await home.on(server, ["backup", "all.tar.gz", "--volumes", "--json"]);
  assert.deepEqual([status, JSON.parse(stdout).bytes], [0, 3]);
  assert.equal((await stat(join(home.path, "all.tar.gz"))).mode & 0o777, 0o600);
  assert.equal((await home.on(server, ["backup", "all.tar.gz"])).status, 1, "it is there already");
  assert.equal((await home.on(server, ["backup", "no/such/folder/b.tar.gz"])).status, 1);
});

test("a restore asks first, and where nobody can be asked it changes nothing", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await writeFile(join(home.path, "b.tar.gz"), "x");
  const { status, stderr } = await home.on(server, ["restore", "b.tar.gz"]);
  assert.equal(status, 2);
  assert.match(stderr, /add --yes/);
  assert.equal((await home.on(server, ["restore", "missing.tar.gz", "--yes"])).status, 1);
  assert.deepEqual(server.calls, []);
});

test("a restore whose backup has another passkey says so", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await writeFile(join(home.path, "b.tar.gz"), "the archive");
  let sent = "";
  server.routes.set("GET /api/system/about", (_, response) => {
    const about = { slipway: { version: "0.1.0", node_version: "24", started_at: "2026-01-01T00:00:00Z" } };
    const isChanged = sent !== "";
    const body = isChanged ? { error: "unauthorized", message: "Invalid token.", requestId: "r" } : about;
    response.writeHead(isChanged ? 401 : 200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.routes.set("POST /api/system/restore", ({ body }, response) => {
    sent = body.toString();
    const staged = {
      version: "0.1.0",
      server_id: "s",
      created_at: "2026-01-01T00:00:00Z",
      previous: "restore.previous-1",
    };
    response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify(staged));
  });
  const { status, stdout, stderr } = await home.on(server, ["restore", "b.tar.gz", "--yes"]);
  assert.equal(status, 0, stderr);
  assert.equal(sent, "the archive");
  assert.match(stdout, /restore\.previous-1/);
  assert.match(stderr, /slipway login/);
});
