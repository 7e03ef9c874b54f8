import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { Workshop } from "../../domain/workshop.ts";
import { FakeServer, sendJson } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";

const VIEW = { name: "key", function: "hello", project: "default", created_at: "2026", updated_at: "2026" };
const VALUE = "the-value";

async function open() {
  const server = await FakeServer.open();
  const home = await Home.open();
  server.routes.set("PUT /api/secrets/key", (_, response) => sendJson(response, 200, VIEW));
  server.routes.set("GET /api/secrets", (_, response) => sendJson(response, 200, { data: [VIEW] }));
  server.routes.set("DELETE /api/secrets/key", (_, response) => void response.writeHead(204).end());
  return {
    server,
    home,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const stdinOf = (bytes: Uint8Array) => ({ deps: { stdin: Readable.from([bytes]) } });

test("the bytes of standard input are sent exactly, and are on no output", async () => {
  await using t = await open();
  for (const value of [Buffer.from(VALUE), Buffer.from([0, 255, 13, 10]), Buffer.alloc(0)]) {
    const { status, stdout, stderr } = await t.home.on(t.server, ["secret", "set", "hello", "key"], stdinOf(value));
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "key: set for hello\n");
    assert.equal(stderr.includes("newline"), value.at(-1) === 10);
    const sent = JSON.parse(t.server.asked.at(-1)?.body.toString() ?? "");
    assert.deepEqual(sent, { value: value.toString("base64"), encoding: "base64" });
    assert.ok(!`${stdout}${stderr}`.includes(VALUE));
  }
  assert.equal(t.server.calls.at(-1), "PUT /api/secrets/key?function=hello");
});

test("a value in the command line is refused with the reason, and nothing is sent", async () => {
  await using t = await open();
  for (const words of [
    ["hello", "key", VALUE],
    ["--all-functions", "key", VALUE],
  ]) {
    const { status, stderr } = await t.home.on(t.server, ["secret", "set", ...words]);
    assert.equal(status, 2);
    assert.match(stderr, /can't stand in the command line; nothing was sent/);
    assert.match(stderr, /printf %s/);
    assert.ok(!stderr.includes(VALUE));
  }
  assert.deepEqual(t.server.asked, []);
});

test("for all functions and in another project", async () => {
  await using t = await open();
  const words = ["secret", "set", "--all-functions", "key", "--project", "shop"];
  assert.equal(
    (await t.home.on(t.server, words, stdinOf(Buffer.from("v")))).stdout,
    "key: set for all functions in project shop\n",
  );
  assert.equal(t.server.calls.at(-1), "PUT /api/secrets/key?project=shop");
});

for (const words of [["hello"], ["--all-functions"], ["hello", "a/b"], ["--all-functions", "..data"]]) {
  test(`secret set ${words.join(" ")} sends nothing`, async () => {
    await using t = await open();
    assert.notEqual((await t.home.on(t.server, ["secret", "set", ...words])).status, 0);
    assert.deepEqual(t.server.asked, []);
  });
}

test("more than half a MiB is refused before it is sent", async () => {
  await using t = await open();
  const big = stdinOf(Buffer.alloc(512 * 1024 + 1));
  const { status, stderr } = await t.home.on(t.server, ["secret", "set", "hello", "key"], big);
  assert.equal(status, 2);
  assert.match(stderr, /more than 524288 bytes/);
  assert.deepEqual(t.server.asked, []);
});

test("list names what is set, delete deletes", async () => {
  await using t = await open();
  const { stdout } = await t.home.on(t.server, ["secret", "list"]);
  assert.match(stdout, /^NAME +FUNCTION +PROJECT +SET\nkey +hello +default/);
  assert.deepEqual(JSON.parse((await t.home.on(t.server, ["secret", "list", "hello", "--json"])).stdout), [VIEW]);
  assert.equal(t.server.calls.at(-1), "GET /api/secrets?function=hello");
  const gone = await t.home.on(t.server, ["secret", "delete", "hello", "key", "--json"]);
  assert.deepEqual(JSON.parse(gone.stdout), { deleted: "key", function: "hello" });
  assert.equal(t.server.calls.at(-1), "DELETE /api/secrets/key?function=hello");
});

test("with -l they are kept on this machine, and no server is asked", async () => {
  await using t = await open();
  const kept = new Map<string, string>();
  const secrets: Workshop["secrets"] = {
    list: async () => [...kept.keys()],
    set: async (_, name, value) => void kept.set(name, Buffer.from(value).toString()),
    delete: async (_, name) => void kept.delete(name),
  };
  const openWorkshop = async () => ({ secrets, close: async () => undefined }) as unknown as Workshop;
  const run = (words: readonly string[], text = "") =>
    t.home.on(t.server, ["secret", ...words, "-l"], {
      deps: { stdin: Readable.from([Buffer.from(text)]), openWorkshop },
    });
  assert.equal((await run(["set", "hello", "key"], VALUE)).status, 0);
  assert.equal(kept.get("key"), VALUE);
  assert.match((await run(["list", "hello"])).stdout, /^NAME\nkey\n/);
  assert.equal((await run(["list"])).status, 2);
  assert.equal((await run(["delete", "hello", "key"])).status, 0);
  assert.equal(kept.size, 0);
  assert.equal((await run(["set", "--all-functions", "key"], VALUE)).status, 2);
  assert.deepEqual(t.server.asked, []);
});
