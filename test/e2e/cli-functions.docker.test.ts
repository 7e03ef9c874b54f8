/** What bad input and bad moments get from `slipway` with folders as functions: status, words, and nothing changed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FakeServer, TOKEN } from "../../src/cli/testing/fake-server.ts";
import { run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { BIN, done, folderOf, json, RunningCommand, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const answer = (text: string): string => `module.exports = () => ${JSON.stringify(text)};\n`;

/** Builds until somebody stops it; what it says first is in its log. */
const ENDLESS = `FROM slipway/base-node:24
RUN ["node", "-e", "console.log('at it'); setTimeout(() => {}, 60000)"]
`;

/** Names of all functions, containers and images there are of this server. */
async function everything(): Promise<readonly string[]> {
  const functions = await json<readonly { readonly name: string }[]>(server, ["list"]);
  const containers = await server.engine.listContainers({ all: true });
  const images = await server.engine.listImages();
  const own = (name: string): boolean => name.replace(/^\//, "").startsWith(server.prefix);
  return [
    ...functions.map(({ name }) => name),
    ...containers.flatMap(({ Names }) => Names).filter(own),
    ...images.flatMap(({ RepoTags }) => RepoTags ?? []).filter(own),
  ].sort();
}

/** Functions are gone at once; their instances finish their requests first, and images go after them. */
async function purge(...names: readonly string[]): Promise<void> {
  await done(server, ["purge", ...names, "--yes"]);
  await eventually(async () => {
    const rest = (await everything()).filter((known) => names.some((name) => known.includes(name)));
    assert.deepEqual(rest, []);
  }, 20_000);
}

/** Runs it; asserts status and words, that standard output is empty, and that nothing is there that was not before. */
async function refused(args: readonly string[], status: number, words: RegExp, cwd?: string): Promise<void> {
  const before = await everything();
  const { exitCode, stdout, stderr } = await slipway(server, args, cwd === undefined ? {} : { cwd });
  assert.deepEqual([exitCode, stdout], [status, ""], `slipway ${args.join(" ")}: ${stderr}`);
  assert.match(stderr, words);
  assert.doesNotMatch(stderr, /\n\s+at /, "no stack");
  assert.deepEqual(await everything(), before);
}

test("new refuses an unknown runtime, a folder that is there and a bad name, each with what to do", async () => {
  const cwd = await folderOf(server, "new", { "there/mine.txt": "mine" });
  await refused(["new", "-r", "nod", "hello"], 1, /Can't find runtime nod\. Did you mean node\?\n/, cwd);
  await refused(["new", "-r", "node", "there"], 1, /there is there already; nothing was changed/, cwd);
  await refused(["new", "-r", "node", "My_App"], 2, /Use a folder called my-app, for example/, cwd);
  await refused(["new", "-r", "node", "api"], 2, /reserved[^\n]*\n {2}Use a folder called my-api/, cwd);
  assert.deepEqual(await readdir(cwd, { recursive: true }), ["there", "there/mine.txt"]);
});

test("up refuses what it can't use before anything is built", async () => {
  const cwd = await folderOf(server, "refused", {
    "typo/slipway.yml": "name: typo\nruntme: node\n",
    "typo/index.js": "",
    "notes/notes.txt": "no code",
    "loop/index.js": answer("x"),
    "big/index.js": answer("x"),
  });
  await mkdir(join(cwd, "empty"));
  await symlink("a", join(cwd, "loop/b"));
  await symlink("b", join(cwd, "loop/a"));
  await writeFile(join(cwd, "big/data.bin"), "");
  await truncate(join(cwd, "big/data.bin"), 2 * 1024 ** 3);
  for (const where of [[], ["-l"]]) {
    const refuses = (folder: string, status: number, words: RegExp): Promise<void> =>
      refused(["up", ...where, folder], status, words, cwd);
    await refuses("typo", 1, /slipway\.yml:2:1: unknown key `runtme`; did you mean `runtime`\?/);
    await refuses("notes", 1, /has none of a Dockerfile, package\.json, .*\n {2}Name a runtime/);
    await refuses("empty", where.length === 0 ? 2 : 1, /empty holds no files/);
    await refuses("loop", 1, /The link a leads back to itself\.\n {2}Remove it/);
    const startedAt = performance.now();
    await refuses("big", 1, /big is 2\.0 GiB.*1\.0 GiB.*data\.bin \(2\.0 GiB\).*\n.*\.slipwayignore/);
    assert.ok(performance.now() - startedAt < 5000, "nothing of it was read");
  }
});

test("a socket in the folder is left out and said so", async () => {
  const folder = await folderOf(server, "withsocket", { "index.js": answer("x") });
  const socket = createServer().listen(join(folder, "app.sock"));
  try {
    const { exitCode, stderr } = await slipway(server, ["build", folder]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /warning: not uploaded, since they are no files: app\.sock\n/);
  } finally {
    socket.close();
    await purge("withsocket");
  }
});

test("of several folders one that can't start is told with its own last words, the others serve, status 1", async () => {
  const cwd = await folderOf(server, "several", {
    "one/index.js": answer("one"),
    "dies/index.js": 'throw new Error("no database today");\n',
    "two/index.js": answer("two"),
  });
  const several = await slipway(server, ["up", "one", "dies", "two"], { cwd });
  assert.equal(several.exitCode, 1);
  assert.equal(several.stdout, ["one", "two"].map((name) => `http://${name}.localhost:${server.port}/\n`).join(""));
  assert.match(
    several.stderr,
    /last lines of the log:\n[\s\S]*no database today[\s\S]*dies was not deployed: .*code 1/,
  );
  assert.match(several.stderr, /error: 1 of 3 folders failed: dies\.\n$/);
  assert.equal((await server.call("two")).text, "two");
  const asJson = await slipway(server, ["up", "one", "dies", "two", "--json"], { cwd });
  assert.equal(asJson.exitCode, 1);
  const documents = JSON.parse(asJson.stdout) as readonly { readonly folder: string; readonly error?: object }[];
  assert.deepEqual(
    documents.map(({ folder, error }) => [folder, error !== undefined]),
    [
      ["one", false],
      ["dies", true],
      ["two", false],
    ],
  );
  await purge("dies", "two");
});

test("names and numbers that mean nothing change nothing", async () => {
  await refused(["purge", "one", "nothing", "--yes"], 1, /There is no function nothing\./);
  await refused(["status", "onne"], 1, /There is no function onne\. Did you mean one\?/);
  await refused(["deploy", "nothing"], 1, /neither a folder or archive nothing here nor a function of that name/);
  await refused(["deploy", "./nothing"], 2, /can't be a function's name.*\n {2}Name a folder, a zip or a tar\.gz/);
  for (const count of ["many", "51", "-1", "1.5"])
    await refused(["scale", "one", count], 2, /whole number from 0 to 50/);
  await refused(["secret", "set", "one", "key", "value"], 2, /can't stand in the command line; nothing was sent/);
  assert.equal((await server.call("one")).text, "one");
});

test("a wrong password, a server that is not there and one of another version", async () => {
  const env = { SLIPWAY_URL: server.url, SLIPWAY_TOKEN: "wrong" };
  const folder = join(server.folder, "work/several/one");
  const before = await everything();
  const stranger = await slipway(server, ["up", folder], { env });
  assert.deepEqual([stranger.exitCode, stranger.stdout], [1, ""]);
  assert.match(stranger.stderr, /Log in with the server's passkey: slipway login http/);
  const nowhere = await slipway(server, ["up", folder], { env: { ...env, SLIPWAY_URL: "http://127.0.0.1:1" } });
  assert.deepEqual([nowhere.exitCode, nowhere.stdout], [1, ""]);
  assert.match(nowhere.stderr, /127\.0\.0\.1:1 can't be reached: .*\n {2}Start the server/);
  assert.deepEqual(await everything(), before);
  await using other = await FakeServer.open();
  other.version = "9.9.9";
  const listed = await slipway(server, ["list"], { env: { SLIPWAY_URL: other.url, SLIPWAY_TOKEN: TOKEN } });
  assert.equal(listed.exitCode, 0);
  assert.match(listed.stderr, /^warning: this is slipway .*, the server at .* is 9\.9\.9; use the same version\n$/);
  assert.match(listed.stdout, /hello/);
});

test("Ctrl-C during a build: of a new function nothing is left, one that served serves on", async () => {
  const before = await everything();
  for (const [command, name] of [
    ["up", "fresh"],
    ["build", "fresh"],
    ["up", "one"],
  ] as const) {
    const folder = await folderOf(server, `endless-${name}`, { Dockerfile: ENDLESS });
    const running = RunningCommand.start(server, [command, folder, "--name", name]);
    await running.writes(/at it/);
    const { exitCode, stdout, stderr } = await running.interrupt();
    assert.deepEqual([exitCode, stdout], [130, ""]);
    assert.match(stderr, new RegExp(`The deployment of ${name} was cancelled`));
    await eventually(async () => assert.deepEqual(await everything(), before), 20_000);
  }
  assert.equal((await server.call("one")).text, "one");
  const status = await json<readonly { readonly status: string }[]>(server, ["status", "one"]);
  assert.equal(status[0]?.status, "running");
});

test("Ctrl-C during an upload: the server has never heard of it", async () => {
  const before = await everything();
  const folder = await folderOf(server, "large", { "index.js": answer("x") });
  // Nothing that packs small, so that the upload takes its time.
  await run("dd", ["if=/dev/urandom", `of=${join(folder, "data.bin")}`, "bs=1M", "count=200"], { timeoutMs: 30_000 });
  const running = RunningCommand.start(server, ["up", folder]);
  await running.writes(/uploading 2 files/);
  const { exitCode, stderr } = await running.interrupt();
  assert.equal(exitCode, 130);
  assert.match(stderr, /The upload of large was interrupted; nothing has changed\./);
  await rm(folder, { recursive: true });
  assert.deepEqual(await everything(), before);
});

test("followed logs are prefixed by instance, and take up one that starts later", async () => {
  const folder = await folderOf(server, "talks", { "index.js": `console.log("began");\n${answer("x")}` });
  await done(server, ["up", folder]);
  const following = RunningCommand.start(server, ["logs", "talks", "--follow"]);
  await following.writes(/^\S+-talks-0\S* \| began$/m);
  await done(server, ["scale", "talks", "2"]);
  await following.writes(/^\S+-talks-1\S* \| began$/m);
  assert.equal((await following.interrupt()).exitCode, 130);
  await purge("talks");
});

test("a secret is what comes through standard input, byte for byte", async () => {
  const source = 'module.exports = () => require("node:fs").readFileSync("/secrets/key").toString("hex");\n';
  const value = Buffer.from([0, 10, 255, 13, 32, 10]);
  const child = spawn(BIN, ["secret", "set", "exact", "key"], {
    env: { ...server.cliEnv, SLIPWAY_TOKEN: await server.passkey() },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const closed = once(child, "close");
  child.stdin.end(value);
  assert.equal((await closed)[0], 0);
  await done(server, ["up", await folderOf(server, "exact", { "index.js": source })]);
  assert.equal((await server.call("exact")).text, value.toString("hex"));
  await purge("exact");
});

test("with --json every command that fails prints one document and nothing else", async () => {
  const cwd = await folderOf(server, "json", { "notes/notes.txt": "x" });
  for (const args of [
    ["new", "-r", "nod", "x"],
    ["new"],
    ["up", "notes"],
    ["up", "-l", "notes"],
    ["build", "nowhere"],
    ["build", "-l", "nowhere"],
    ["deploy", "nothing"],
    ["deploy", "-l", "nothing"],
    ["scale", "one", "x"],
    ["scale", "-l", "nothing", "1"],
    ["status", "nothing"],
    ["status", "-l", "nothing"],
    ["logs", "nothing"],
    ["logs", "-l", "nothing"],
    ["purge", "nothing"],
    ["purge", "-l", "nothing", "--yes"],
    ["secret", "set", "one", "key", "value"],
    ["secret", "delete", "one", "key"],
    ["test", "nowhere"],
    ["dev", "nowhere"],
    ["export", "nowhere", "x"],
    ["rollback", "nothing"],
    ["deployments", "nothing"],
    ["start", "nothing"],
    ["restart", "nothing"],
    ["delete", "nothing"],
    ["runtime", "show", "nothing"],
    ["runtime", "add", "mine", "nowhere"],
    ["registry", "logout", "nowhere.example"],
    ["completion", "tcsh"],
    ["nonsense"],
  ]) {
    const { exitCode, stdout, stderr } = await slipway(server, [...args, "--json"], { cwd });
    assert.ok(exitCode === 1 || exitCode === 2, `slipway ${args.join(" ")}: ${exitCode} ${stdout}`);
    const document = JSON.parse(stdout) as { readonly error: string; readonly message: string };
    assert.equal(typeof document.error, "string", stdout);
    assert.notEqual(document.error, "internal", stdout);
    assert.ok(document.message.length > 0);
    assert.equal(stderr, "", args.join(" "));
  }
});
