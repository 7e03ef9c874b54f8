/** Every command of `slipway`, for real: what is asked, done and printed, and the status it ends with. */

import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { done, folderOf, json, RunningCommand, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { appFiles } from "./uploads.ts";

let server: TestServer;

type FunctionJson = { readonly name: string; readonly status: string; readonly url: string };

/** A web app that writes a line at its start and at each request. */
function greeter(words: string): Readonly<Record<string, string>> {
  return appFiles(`console.log("asked " + request.url); response.end("${words}")`, `console.log("${words} starts");`);
}

before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test("a fresh server has nothing to list, and says what to do", async () => {
  for (const command of ["list", "status"]) {
    assert.match(await done(server, [command]), /^No functions yet\. Deploy one: slipway deploy examples\/hello\n$/);
    assert.deepEqual(await json(server, [command]), []);
  }
});

test("runtime add, show, list and delete", async () => {
  const dockerfile = `FROM ${await ensureTinyImage()}\nCOPY . /app/\nEXPOSE 8080\nCMD ["node", "/app/app.js"]\n`;
  const folder = await folderOf(server, "runtimes", { Dockerfile: dockerfile, bad: "RUN nothing\n" });
  assert.match(await done(server, ["runtime", "add", "tiny", "Dockerfile"], { cwd: folder }), /tiny: stored/);
  assert.equal(await done(server, ["runtime", "show", "tiny"]), dockerfile);
  assert.match(await done(server, ["runtime", "list"]), /^tiny +uploaded /m);
  const names = (await json<readonly { name: string }[]>(server, ["runtime", "list"])).map(({ name }) => name);
  assert.deepEqual(names, ["crystal", "default", "express", "flask", "kemal", "node", "python", "static", "tiny"]);
  await done(server, ["runtime", "add", "gone", "Dockerfile"], { cwd: folder });
  assert.equal(await done(server, ["runtime", "delete", "gone"]), "gone: deleted\n");
  for (const [args, words] of [
    [["runtime", "delete", "gone"], /runtime: "gone" is not known/],
    [["runtime", "delete", "node"], /built.?in/i],
    [["runtime", "add", "bad", "bad"], /FROM/],
  ] as const) {
    const { exitCode, stderr } = await slipway(server, args, { cwd: folder });
    assert.equal(exitCode, 1, args.join(" "));
    assert.match(stderr, words);
  }
});

test("a folder with a named runtime: its log, then the URL alone on standard output, without colours", async () => {
  const folder = await folderOf(server, "greet", greeter("hello"));
  const { exitCode, stdout, stderr } = await slipway(server, ["deploy", folder, "--runtime", "tiny"]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, `http://greet.localhost:${server.port}/\n`);
  assert.match(stderr, /^uploading 1 file \(.*\) as greet\n/);
  assert.match(stderr, /\nBuilt .*\n/);
  assert.ok(!`${stdout}${stderr}`.includes("\u001b"));
  assert.equal((await server.call("greet")).text, "hello");
});

test("the same folder again changes nothing, and says so", async () => {
  const args = ["deploy", join(server.folder, "work/greet"), "--runtime", "tiny"];
  assert.match((await slipway(server, args)).stderr, /nothing has changed/);
  assert.equal((await json<{ unchanged: boolean }>(server, args)).unchanged, true);
});

test("a zip whose kind is told from its files", async () => {
  await writeFile(join(server.folder, "site.zip"), zipOf({ "index.html": "<p>hi</p>" }));
  const { exitCode, stderr } = await slipway(server, ["deploy", join(server.folder, "site.zip")]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /found index\.html/);
  assert.equal((await server.call("site")).text, "<p>hi</p>");
});

test("a build that fails: status 1, its log once, and the cause below it", async () => {
  const talk =
    "for (let i = 1; i <= 40; i++) console.log('talk ' + i); console.error('my last words'); process.exit(3)";
  const folder = await folderOf(server, "broken", {
    Dockerfile: `FROM ${await ensureTinyImage()}\nRUN ["node", "-e", "${talk}"]\n`,
  });
  const { exitCode, stdout, stderr } = await slipway(server, ["deploy", folder]);
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.equal(stderr.match(/^.*talk 40$/gm)?.length, 1);
  assert.match(
    stderr,
    /my last words\n[\s\S]*error: broken was not built: .*3.*\n {2}The whole log: slipway logs broken --build\n$/,
  );
  assert.match(await done(server, ["logs", "broken", "--build"]), /talk 1\n/);
  const failed = await slipway(server, ["deploy", folder, "--json"]);
  assert.equal(failed.exitCode, 1);
  assert.equal(JSON.parse(failed.stdout).error, "build_failed");
  assert.equal(failed.stderr, "");
});

test("an app that dies at its start: status 1 with its exit status and last words; what served still serves", async () => {
  const folder = await folderOf(server, "dying", { "app.js": 'console.error("no database"); process.exit(7);' });
  const { exitCode, stderr } = await slipway(server, ["deploy", folder, "--name", "greet", "--runtime", "tiny"]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /last lines of the log:\n.*no database\n[\s\S]*error: greet was not deployed: .*7/);
  assert.equal((await server.call("greet")).text, "hello");
});

test("status --json has the shape that scripts rely on; status and list show the same for people", async () => {
  const [status, ...others] = await json<readonly Record<string, unknown>[]>(server, ["status", "greet"]);
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(status ?? {}), [
    ...["name", "project", "kind", "status", "scale", "url", "deployment", "instances", "images"],
  ]);
  const { instances, images, deployment, ...rest } = status as Record<string, unknown> & {
    readonly instances: readonly Record<string, unknown>[];
    readonly images: readonly Record<string, unknown>[];
  };
  const url = `http://greet.localhost:${server.port}/`;
  assert.deepEqual(rest, { name: "greet", project: "default", kind: "function", status: "running", scale: 1, url });
  assert.equal(typeof deployment, "string");
  assert.deepEqual(Object.keys(instances[0] ?? {}), ["id", "name", "current", "healthy", "startedAt"]);
  assert.deepEqual([instances[0]?.current, instances[0]?.healthy], [true, true]);
  assert.deepEqual(Object.keys(images[0] ?? {}), ["id", "tags", "createdAt"]);
  assert.match(await done(server, ["status", "greet"]), /^greet\n {2}status +running\n {2}url +http/);
  assert.match(
    await done(server, ["list"]),
    /^NAME +PROJECT.*\n(.*\n)*greet +default +function +running +tiny +1\/1 /m,
  );
});

test("logs, with a limit, followed until Ctrl-C (130), and as JSON", async () => {
  await server.call("greet", { path: "/first" });
  await eventually(async () => assert.match(await done(server, ["logs", "greet"]), / \| asked \/first\n/));
  assert.equal((await done(server, ["logs", "greet", "--tail", "1"])).split("\n").length, 2);
  const lines = await json<readonly { line: string; stream: string }[]>(server, ["logs", "greet"]);
  assert.ok(lines.some(({ line, stream }) => line === "hello starts" && stream === "stdout"));
  const following = RunningCommand.start(server, ["logs", "greet", "--follow"]);
  await following.writes(/asked \/first/);
  await server.call("greet", { path: "/second" });
  await following.writes(/asked \/second/);
  assert.equal((await following.interrupt()).exitCode, 130);
});

test("stop, start, restart and rollback end once it is so", async () => {
  assert.equal(await done(server, ["stop", "greet"]), "greet: stopped\n");
  assert.equal((await server.call("greet")).status, 503);
  assert.match(await done(server, ["start", "greet"]), /^greet: running {2}http/);
  assert.equal((await server.call("greet")).text, "hello");
  // An instance of before may still be there, finishing its requests.
  const instance = async (): Promise<string | undefined> => {
    type Instances = { readonly instances: readonly { readonly id: string; readonly current: boolean }[] };
    const [status] = await json<readonly Instances[]>(server, ["status", "greet"]);
    return status?.instances.find(({ current }) => current)?.id;
  };
  const before = await instance();
  await done(server, ["restart", "greet"]);
  assert.notEqual(await instance(), before);
  await done(server, [
    "deploy",
    await folderOf(server, "next", greeter("next")),
    "--name",
    "greet",
    "--runtime",
    "tiny",
  ]);
  assert.equal((await server.call("greet")).text, "next");
  assert.equal((await json<FunctionJson>(server, ["rollback", "greet"])).status, "running");
  assert.equal((await server.call("greet")).text, "hello");
  const deployments = await json<readonly { id: string; active: boolean; status: string }[]>(server, [
    "deployments",
    "greet",
  ]);
  assert.equal(deployments.filter(({ active }) => active).length, 1);
  const next = deployments.find(({ status, active }) => status === "superseded" && !active);
  await done(server, ["rollback", "greet", next?.id.slice(0, 8) ?? ""]);
});

test("Ctrl-C during a build takes the deployment back on the server (130); what served still serves", async () => {
  const folder = await folderOf(server, "slow", {
    Dockerfile: `FROM ${await ensureTinyImage()}\nRUN ["node", "-e", "console.log('at it'); setTimeout(() => {}, 60000)"]\n`,
  });
  const deploying = RunningCommand.start(server, ["deploy", folder]);
  await deploying.writes(/at it/);
  const { exitCode, stdout, stderr } = await deploying.interrupt();
  assert.deepEqual([exitCode, stdout], [130, ""]);
  assert.match(stderr, /The deployment of slow was cancelled; since it never ran, slow is removed again\.\n$/);
  assert.ok(!(await json<readonly FunctionJson[]>(server, ["list"])).some(({ name }) => name === "slow"));
});

test("reload hands over; functions and commands go on", async () => {
  const control = await server.controlPid();
  assert.deepEqual(await json(server, ["reload"]), { reloading: true });
  await eventually(async () => assert.notEqual(await server.controlPid(), control), 20_000);
  await eventually(async () => assert.equal((await slipway(server, ["list"])).exitCode, 0), 20_000);
  assert.equal((await server.call("greet")).status, 200);
});

test("login stores what the server accepts and nothing else; logout forgets it; claim takes the printed address once", async () => {
  const home = { HOME: await folderOf(server, "elsewhere", { "wrong.txt": "wrong" }) };
  const away = (args: readonly string[], env = {}) => slipway(server, args, { env: { ...home, ...env } });
  const stranger = await away(["list"]);
  assert.equal(stranger.exitCode, 1);
  assert.match(stranger.stderr, /wants a token\.\n {2}Log in with its passkey: slipway login http/);
  const question = await away(["login"]);
  assert.deepEqual([question.exitCode, question.stdout], [2, ""]);
  const address = /claim it at (\S+)/.exec(server.output)?.[1] ?? "";
  const wrong = await away(["claim", `${server.url}/setup?token=wrong`]);
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.stderr, /error: /);
  assert.equal((await away(["claim", address])).exitCode, 0);
  assert.equal((await away(["list"])).exitCode, 0);
  assert.equal((await away(["logout"])).stdout, "Logged out.\n");
  assert.equal((await away(["list"])).exitCode, 1);
  assert.equal((await away(["claim", address])).exitCode, 1);
  const token = await away(["list"], { SLIPWAY_URL: server.url, SLIPWAY_TOKEN: "wrong" });
  assert.equal(token.exitCode, 1);
  assert.match(token.stderr, /slipway login http/);
  assert.equal((await away(["list"], { SLIPWAY_URL: server.url, SLIPWAY_TOKEN: await server.passkey() })).exitCode, 0);
});

test("delete wants to be told, then deletes, its runtime after it", async () => {
  assert.equal((await slipway(server, ["delete", "site"])).exitCode, 2);
  assert.equal((await slipway(server, ["runtime", "delete", "tiny"])).exitCode, 1);
  assert.deepEqual(await json(server, ["delete", "site", "greet", "--yes"]), { deleted: ["site", "greet"] });
  assert.notEqual((await server.call("site")).text, "<p>hi</p>");
  assert.ok(!(await json<readonly FunctionJson[]>(server, ["list"])).some(({ name }) => name === "site"));
  await eventually(async () => assert.equal((await slipway(server, ["runtime", "delete", "tiny"])).exitCode, 0));
});

test("whatever goes wrong is one JSON document with --json: unknown function, wrong call, no server", async () => {
  const nowhere = { SLIPWAY_URL: "http://127.0.0.1:1", SLIPWAY_TOKEN: "x" };
  for (const [args, env, status, code] of [
    [["stop", "nothing"], {}, 1, "not_found"],
    [["logs", "nothing", "--follow"], {}, 1, "not_found"],
    [["deploy", "nothing-here"], {}, 1, "not_found"],
    [["deploy", "./nothing-here"], {}, 2, "usage"],
    [["list", "--what"], {}, 2, "usage"],
    [["list"], nowhere, 1, "unavailable"],
    [["deploy", "examples/hello"], nowhere, 1, "unavailable"],
  ] as const) {
    const { exitCode, stdout, stderr } = await slipway(server, [...args, "--json"], { env });
    assert.deepEqual([exitCode, JSON.parse(stdout).error, stderr], [status, code, ""], args.join(" "));
  }
  await rm(join(server.folder, "site.zip"));
});
