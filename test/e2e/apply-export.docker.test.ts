/** A whole project as a document on real Docker: applied, changed, pruned, exported, deleted and made again. */

import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { type RunResult, run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { BIN, folderOf, REPOSITORY } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

/** A first build of a preset downloads packages. */
const LIMIT_MS = 300_000;

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

async function slipway(words: readonly string[], cwd = REPOSITORY): Promise<RunResult> {
  const env = { PATH: process.env.PATH, HOME: server.folder, SLIPWAY_ADDR: `127.0.0.1:${server.port}` };
  return run(BIN, words, { env, cwd, timeoutMs: LIMIT_MS });
}

async function done(words: readonly string[], cwd?: string): Promise<RunResult> {
  const result = await slipway(words, cwd);
  assert.equal(result.exitCode, 0, `slipway ${words.join(" ")}: ${result.stderr}${result.stdout}`);
  return result;
}

type Change = { readonly action: string; readonly what: string; readonly name: string; readonly redeploys: boolean };

async function planOf(file: string, ...more: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await done(["apply", "-f", file, "--dry-run", "--json", ...more]);
  return (JSON.parse(stdout).changes as readonly Change[]).map(
    ({ action, what, name, redeploys }) => `${action} ${what} ${name}${redeploys ? " *" : ""}`,
  );
}

/** Ids of all deployments there are in the project, sorted. */
async function deployments(slug: string): Promise<readonly string[]> {
  const { stdout } = await done(["service", "list", "-p", slug, "--json"]);
  const ids: string[] = [];
  for (const { name } of JSON.parse(stdout) as readonly { name: string }[]) {
    const list = await done(["service", "deployments", name, "-p", slug, "--json"]);
    ids.push(...(JSON.parse(list.stdout) as readonly { id: string }[]).map(({ id }) => id));
  }
  return ids.sort();
}

const WEB = "require('node:http').createServer((q, s) => s.end(process.env.WORD + ' ' + process.env.LEVEL)).listen(80)";

const SHOP = (word: string, more = ""): string => `name: Shop
slug: shop
env: {LEVEL: info}
groups:
  back:
    env: {TIER: back}
services:
  store:
    preset: redis
    group: back
  web:
    image: slipway/base-node:24
    command: [node, -e, ${JSON.stringify(WEB)}]
    ports: [80]
    private: false
    routes: [/shop]
    env: {WORD: ${word}}
  hello:
    source: ./hello
    group: back
    env: {STORE: "\${{ store.URL }}", GREETING: hi}
    manifest: {resources: {memoryMb: 128}}
${more}`;

const HELLO = {
  "hello/slipway.yml": "name: hello\nruntime: node\nhandler: ./index.js\nenv: {FROM: manifest}\n",
  "hello/index.js":
    "exports.handle = () => [process.env.GREETING, process.env.FROM, process.env.TIER, process.env.STORE].join(' ');\n",
  "hello/lib/empty.txt": "",
};

async function textOf(name: string): Promise<string> {
  return (await server.call(name)).text;
}

test("a document makes a project, changes nothing the second time, and then exactly what differs", async () => {
  const cwd = await folderOf(server, "shop", { ...HELLO, "shop.yml": SHOP("one") });
  const file = join(cwd, "shop.yml");
  const refused = await slipway(["apply", "-f", file]);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /\+ project Shop\n(.*\n)*\+ service web {2}\(is deployed\)\n(.*\n)*\d+ changes: /);
  assert.doesNotMatch(refused.stderr, /\bone\b|\binfo\b/, "values of variables are in no plan");
  assert.match(refused.stderr, /add --yes/);
  const made = await done(["apply", "-f", file, "--yes"]);
  assert.match(made.stdout, /^Shop \(shop\) is as .*shop\.yml says\.\n$/);
  await eventually(async () => assert.equal(await textOf("web-shop"), "one info"));
  assert.match(await textOf("hello-shop"), /^"?hi manifest back redis:\/\/.*@store:6379/);
  const before = await deployments("shop");
  assert.equal((await done(["apply", "-f", file, "--prune"])).stdout, "Nothing to do.\n");
  assert.deepEqual(await deployments("shop"), before);
  await writeFile(file, SHOP("two"));
  assert.deepEqual(await planOf(file), ["update variable web.WORD", "update service web *"]);
  await done(["apply", "-f", file, "--yes"]);
  await eventually(async () => assert.equal(await textOf("web-shop"), "two info"));
  assert.equal((await deployments("shop")).length, before.length + 1);
  await writeFile(join(cwd, "hello/index.js"), "exports.handle = () => 'changed';\n");
  assert.deepEqual(await planOf(file), ["update service hello *"]);
  await done(["apply", "-f", file, "--yes"]);
  await eventually(async () => assert.match(await textOf("hello-shop"), /changed/));
});

test("what the document does not name stays, and goes with --prune; staged changes are in the way", async () => {
  const cwd = await folderOf(server, "prune", {
    "prune.yml":
      "name: Prune\nslug: prune\nservices:\n  a: {image: 'slipway/base-node:24', command: [sleep, '1000'], env: {A: '1'}}\n",
  });
  const file = join(cwd, "prune.yml");
  await done(["apply", "-f", file, "--yes", "--no-wait"]);
  await done(["env", "set", "-p", "prune", "--service", "a", "B=2", "--apply", "--no-wait"]);
  await done([
    "service",
    "create",
    "b",
    "-p",
    "prune",
    "--image",
    "slipway/base-node:24",
    "--command",
    "sleep 1000",
    "--no-wait",
  ]);
  assert.deepEqual(await planOf(file), []);
  assert.deepEqual(await planOf(file, "--prune"), ["delete service b", "delete variable a.B", "update service a *"]);
  await done(["env", "set", "-p", "prune", "C=3"]);
  const staged = await slipway(["apply", "-f", file, "--dry-run"]);
  assert.equal(staged.exitCode, 1);
  assert.match(
    staged.stderr,
    /1 change is staged in prune.*\n {2}Apply or discard them first: slipway changes list --project prune/,
  );
  await done(["changes", "discard", "-p", "prune", "--yes"]);
  await done(["apply", "-f", file, "--prune", "--yes", "--no-wait"]);
  assert.deepEqual(await planOf(file, "--prune"), []);
  const both = await Promise.all([
    slipway(["apply", "-f", file, "--yes", "--no-wait"]),
    slipway(["apply", "-f", file, "--yes", "--no-wait"]),
  ]);
  assert.deepEqual(
    both.map((one) => one.stdout),
    ["Nothing to do.\n", "Nothing to do.\n"],
  );
});

test("an export changes nothing when it is applied, and makes the project again after it is deleted, data and all", async () => {
  const cwd = await folderOf(server, "out", {});
  await mkdir(cwd, { recursive: true });
  await writeFile(join(dirname(cwd), "marker"), "");
  const file = join(cwd, "shop.yml");
  const { stdout, stderr } = await done(["export", "-f", "shop.yml", "-p", "shop"], cwd);
  assert.equal(stdout, `${file}\n`);
  assert.match(stderr, /holds the values of variables/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const text = await readFile(file, "utf8");
  assert.match(text, /^# Project Shop \(shop\), written by/);
  assert.match(text, /source: \.\/shop\/hello\n/);
  assert.equal(await readFile(join(cwd, "shop/hello/index.js"), "utf8"), "exports.handle = () => 'changed';\n");
  assert.match((await slipway(["export", "-f", "shop.yml", "-p", "shop"], cwd)).stderr, /is there already/);
  const before = await deployments("shop");
  assert.equal((await done(["apply", "-f", "shop.yml", "--prune"], cwd)).stdout, "Nothing to do.\n");
  assert.deepEqual(await deployments("shop"), before);
  const password = /REDIS_PASSWORD: (\S+)/.exec(text)?.[1] ?? "";
  await redis(password, "SET kept yes");
  await done(["project", "delete", "shop", "--yes"]);
  assert.notEqual(await textOf("web-shop"), "two info");
  await done(["apply", "-f", "shop.yml", "--yes"], cwd);
  await eventually(async () => assert.equal(await textOf("web-shop"), "two info"));
  assert.match(await redis(password, "GET kept"), /yes/);
  assert.equal((await done(["apply", "-f", "shop.yml", "--prune"], cwd)).stdout, "Nothing to do.\n");
});

/** Asks the project's Redis from inside its container. */
async function redis(password: string, words: string): Promise<string> {
  const found = (await server.engine.listContainers()).find(({ Names }) =>
    Names.some((name) => name.startsWith(`/${server.prefix}-shop-store-0-`)),
  );
  assert.ok(found !== undefined);
  const Cmd = ["redis-cli", "-a", password, ...words.split(" ")];
  const exec = await server.engine.getContainer(found.Id).exec({ Cmd, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
