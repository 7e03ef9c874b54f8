/** `slipway project|service|env|domain|changes` on real Docker: what they wait for, and what failures look like. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DeploymentView, ServiceView } from "../../src/api/views.ts";
import { eventually } from "../engine/eventually.ts";
import { done, folderOf, json, RunningCommand, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

const IMAGE = ["--image", "slipway/base-node:24"];
/** Answers its WORD on port 80, and says so. */
const SERVE = `node -e 'require("http").createServer((_, r) => r.end(process.env.WORD ?? "none")).listen(80, () => console.log("serving", process.env.WORD))'`;

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await done(server, ["project", "create", "Shop", "--slug", "shop", "--use"]);
});
after(() => server.close());

async function textOf(name: string): Promise<string> {
  return (await server.call(`${name}-shop`)).text;
}

test("service create returns once it serves; a failure says why, with exit code and last words", async () => {
  const made = await done(server, [
    ...["service", "create", "web", ...IMAGE, "--port", "80", "--public", "--env", "WORD=one", "--command", SERVE],
  ]);
  assert.match(made, /^web: running {2}http:\/\/web-shop\.localhost:\d+\/\n$/);
  assert.equal(await textOf("web"), "one");
  const broken = await slipway(server, [
    ...["service", "deploy", "web", "--command", `node -e 'console.error("no licence"); process.exit(9)'`],
  ]);
  assert.deepEqual([broken.exitCode, broken.stdout], [1, ""]);
  assert.match(broken.stderr, /last lines of the log:\n {2}no licence\nerror: web was not deployed: .*9\n/);
  const asJson = await slipway(server, [
    "service",
    "deploy",
    "web",
    "--command",
    "node -e 'process.exit(9)'",
    "--json",
  ]);
  assert.deepEqual([asJson.exitCode, JSON.parse(asJson.stdout).error], [1, "deploy_failed"]);
  assert.equal(await textOf("web"), "one");
  const [newest] = await json<readonly DeploymentView[]>(server, ["service", "deployments", "web"]);
  assert.deepEqual([newest?.status, newest?.exit_code, newest?.active], ["failed", 9, false]);
});

test("staged changes wait; applied, those that fail are told and the others serve", async () => {
  await done(server, ["env", "set", "--service", "web", "WORD=two"]);
  await done(server, ["service", "create", "bad", "--stage", ...IMAGE, "--command", "node -e 'process.exit(4)'"]);
  assert.equal(await textOf("web"), "one");
  const { deploys } = await json<{ readonly deploys: readonly string[] }>(server, ["changes", "list"]);
  assert.deepEqual(deploys, ["bad", "web"]);
  const applied = await slipway(server, ["changes", "apply"]);
  assert.equal(applied.exitCode, 1, applied.stderr);
  assert.match(applied.stderr, /^error: bad was not deployed: .*4$/m);
  await eventually(async () => assert.equal(await textOf("web"), "two"));
  assert.equal(await done(server, ["changes", "list"]), "Nothing is staged.\n");
  await done(server, ["service", "delete", "bad", "--apply", "--yes"]);
  assert.deepEqual(
    (await json<readonly ServiceView[]>(server, ["service", "list"])).map((s) => s.name),
    ["web"],
  );
});

test("stop, start, scale, restart and rollback return once it is so, by the functions' commands too", async () => {
  assert.match(await done(server, ["service", "stop", "web"]), /^web: stopped\n$/);
  assert.match(await done(server, ["start", "web"]), /^web: running/);
  assert.equal(await textOf("web"), "two");
  await done(server, ["scale", "web", "2"]);
  assert.equal(await done(server, ["scale", "web"]), "Service web has a scale of 2\n");
  const { containers } = await json<{ readonly containers: readonly object[] }>(server, ["service", "show", "web"]);
  assert.equal(containers.length, 2);
  await done(server, ["service", "scale", "web", "1"]);
  await done(server, ["restart", "web"]);
  await done(server, ["rollback", "web"]);
  assert.equal(await textOf("web"), "one");
  const [status] = await json<readonly { readonly kind: string; readonly status: string }[]>(server, ["status", "web"]);
  assert.deepEqual([status?.kind, status?.status], ["image", "running"]);
});

test("logs of an image service are shown and followed, by either command", async () => {
  assert.match(await done(server, ["service", "logs", "web"]), /^\w{12} \| serving one\n/m);
  assert.match(await done(server, ["logs", "web"]), /serving one/);
  const follower = RunningCommand.start(server, ["logs", "web", "--follow"]);
  await follower.writes(/serving one/);
  await done(server, ["restart", "web"]);
  await follower.interrupt();
});

test("functions are services: they take variables, are staged with the others, and belong to the chosen project", async () => {
  const folder = await folderOf(server, "hello", {
    "index.js": "module.exports = () => `${process.env.WORD} ${process.env.WEB}`;\n",
    "slipway.yml": "name: hello\nruntime: node\n",
  });
  await done(server, ["deploy", folder]);
  assert.deepEqual(
    (await json<readonly { project: string }[]>(server, ["list"])).map((f) => f.project),
    ["shop"],
  );
  await done(server, ["env", "set", "--service", "hello", "WORD=hi", "WEB=${{ web.HOST }}", "--apply"]);
  assert.equal(await textOf("hello"), "hi web");
  await done(server, ["service", "update", "web", "--name", "site", "--apply"]);
  await eventually(async () => assert.equal(await textOf("hello"), "hi site"));
  assert.match(await done(server, ["project", "show"]), /hello +function +running/);
});

test("a domain leads to a service at once, and no more when it is removed", async () => {
  await done(server, ["domain", "add", "site", "/welcome"]);
  await eventually(async () => assert.equal((await server.api({ path: "/welcome" })).text, "two"));
  await done(server, ["domain", "remove", "site", "/welcome"]);
  await eventually(async () => assert.notEqual((await server.api({ path: "/welcome" })).text, "two"));
});

test("Ctrl-C while changes are applied ends the wait, not the work", async () => {
  const slow = `node -e 'setTimeout(() => require("http").createServer((_, r) => r.end("late")).listen(80), 3000)'`;
  const running = RunningCommand.start(server, [
    ...["service", "create", "late", ...IMAGE, "--port", "80", "--public", "--command", slow],
  ]);
  await running.writes(/waiting until it answers/);
  const ended = await running.interrupt();
  assert.equal(ended.exitCode, 130);
  await eventually(async () => assert.equal(await textOf("late"), "late"), 20_000);
});

test("a deleted project is gone with what ran in it", async () => {
  await done(server, ["project", "delete", "shop", "--volumes", "--yes"]);
  assert.equal((await slipway(server, ["project", "show", "shop"])).exitCode, 1);
  await eventually(async () => {
    const left = (await server.engine.listContainers({ all: true })).flatMap(({ Names }) => Names);
    assert.deepEqual(
      left.filter((name) => name.startsWith(`/${server.prefix}-shop-`)),
      [],
    );
  }, 40_000);
});

test("Ctrl-C ends the wait, says that the server goes on, and exits with 130", async () => {
  const line = ["service", "create", "mute", ...IMAGE, "--port", "80", "--command", "sleep 1000"];
  const running = RunningCommand.start(server, line);
  await running.writes(/waiting until it answers/);
  const { exitCode, stdout, stderr } = await running.interrupt();
  assert.deepEqual([exitCode, stdout], [130, ""]);
  assert.match(stderr, /error: Interrupted: nobody waits any more\.\n {2}The server goes on .* service list -p \w+/);
  await done(server, ["service", "delete", "mute", "--yes", "--apply"]);
});
