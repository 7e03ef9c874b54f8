/** The local workshop from end to end: `-l`, `export` and `test`, with no server anywhere. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { DockerBuildEngine } from "../../src/docker/build-engine.ts";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { BIN, LocalWorkbench, textAt } from "./local-workbench.ts";

const answer = (text: string): string => `module.exports = () => ${JSON.stringify(text)};\n`;

test("build, up, edit, up again: the URL stays, what is unchanged stays, what can't start changes nothing", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("up");
  const folder = await bench.folder(name, { "index.js": answer("one") });
  assert.equal(await bench.done("build", "-l", folder), `slipway/${name}:latest`);
  assert.deepEqual(await bench.containers(name), []);
  const url = await bench.done("up", "-l", folder);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(await textAt(url), "one");

  const before = await bench.containers(name);
  assert.equal(await bench.done("up", "-l", folder), url);
  assert.deepEqual(await bench.containers(name), before, "nothing has changed");

  await writeFile(join(folder, "index.js"), answer("two"));
  assert.equal(await bench.done("up", "-l", folder), url, "the port is kept");
  assert.equal(await textAt(url), "two");

  await writeFile(join(folder, "index.js"), 'throw new Error("boom at the start");\n');
  const failed = await bench.slipway("up", "-l", folder);
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /boom at the start/);
  assert.match(failed.stderr, /ended before it answered: exit code 1/);
  assert.equal(await textAt(url), "two");
  assert.equal((await bench.containers(name)).length, 1);
});

test("a failed build exits 1 with the last lines of the log and the step", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("bad");
  const folder = await bench.folder(name, { Dockerfile: "FROM slipway/base-node:24\nRUN echo the cause; exit 3\n" });
  const { exitCode, stderr } = await bench.slipway("build", "-l", folder);
  assert.equal(exitCode, 1);
  assert.match(stderr, /last lines of the log:/);
  assert.match(stderr, /The build failed at `RUN echo the cause; exit 3` with exit code 3: the cause/);
  assert.deepEqual(await bench.tags(name), []);
});

test("scale, deploy, status, logs, stop, purge", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("many");
  const source = (text: string): string => `console.log("began ${text}");\n${answer(text)}`;
  const folder = await bench.folder(name, { "index.js": source("one") });
  const url = await bench.done("up", "-l", folder);
  const urls = (await bench.done("scale", "-l", name, "3")).split("\n");
  assert.equal(new Set(urls).size, 3);
  for (const each of urls) assert.equal(await textAt(each), "one");
  assert.equal(await bench.done("scale", "-l", name), `Function ${name} has a scale of 3`);

  const [status] = JSON.parse(await bench.done("status", "-l", name, "--json"));
  assert.equal(status.scale, 3);
  assert.equal(status.status, "running");
  assert.ok(status.instances.every((i: { current: boolean; healthy: boolean }) => i.current && i.healthy));

  await writeFile(join(folder, "index.js"), source("two"));
  await bench.done("build", "-l", folder);
  assert.match(await bench.done("status", "-l", name), /out of date/);
  assert.equal(await bench.done("deploy", "-l", name), url);
  for (const each of urls) assert.equal(await textAt(each), "two");
  const again = await bench.slipway("deploy", "-l", name);
  assert.match(again.stderr, /all instances are up to date/);

  const oldest = (await bench.containers(name)).at(-1);
  await bench.done("scale", "-l", name, "1");
  assert.ok(!(await bench.containers(name)).includes(oldest ?? ""), "the oldest goes first");
  assert.match(
    await bench.done("logs", "-l", name),
    new RegExp(`^slipway-local-${name}-[0-9a-f]{6} \\| began two$`, "m"),
  );

  await bench.done("stop", "-l", name);
  assert.deepEqual(await bench.containers(name), []);
  await bench.done("purge", "-l", name, "--yes");
  assert.deepEqual(await bench.tags(name), []);
  const unknown = await bench.slipway("status", "-l", name);
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr, /There is no function/);
});

test("env, secrets and volumes reach the function; a secret never leaves its folder; a volume outlives a replacement", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("kept");
  const source = `const fs = require("node:fs");
module.exports = () => {
  fs.appendFileSync("/data/calls", "x");
  return [process.env.WORD, fs.readFileSync("/secrets/key", "utf8"), fs.readFileSync("/data/calls", "utf8")].join(" ");
};
`;
  const manifest = `name: ${name}\nruntime: node\nenv: {WORD: hello}\nvolumes: [./data:/data]\n`;
  const folder = await bench.folder(name, { "index.js": source, "slipway.yml": manifest });
  await setSecret(bench, name, "s3cret");
  const url = await bench.done("up", "-l", folder);
  assert.equal(await textAt(url), "hello s3cret x");
  await bench.done("up", "-l", folder, "--env", "WORD=bye");
  assert.equal(await textAt(url), "bye s3cret xx");
  const [container] = await bench.containers(name);
  const { HostConfig, Config } = await bench.engine.getContainer(container ?? "").inspect();
  assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
  assert.ok(HostConfig.SecurityOpt?.includes("no-new-privileges"));
  assert.equal(HostConfig.Init, true);
  assert.equal(HostConfig.Memory, 512 * 1024 * 1024);
  assert.ok(!JSON.stringify(Config).includes("s3cret"));
  await setSecret(bench, name, "new");
  assert.equal(await textAt(url), "bye new xxx", "a running instance sees it");
  assert.equal((await stat(join(bench.home, ".local/share/slipway/local-secrets"))).mode & 0o777, 0o700);
  assert.match(await bench.done("secret", "list", "-l", name), /^key$/m);
  await bench.done("secret", "delete", "-l", name, "key");
  const scaled = await bench.slipway("scale", "-l", name, "2");
  assert.match(scaled.stderr, /writable volume/);
});

test("networks are joined; one that is not there, and a folder that is none, are told", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("joined");
  const networks = [`${name}-a`, `${name}-b`];
  const folder = await bench.folder(name, {
    "index.js": answer("x"),
    "slipway.yml": `name: ${name}\nruntime: node\nnetworks: [${networks.join(", ")}]\n`,
  });
  const missing = await bench.slipway("up", "-l", folder);
  assert.equal(missing.exitCode, 1);
  assert.match(missing.stderr, new RegExp(`There is no network ${name}-a`));
  const made = await Promise.all(networks.map((Name) => bench.engine.createNetwork({ Name })));
  try {
    assert.equal(await textAt(await bench.done("up", "-l", folder)), "x");
    const [container] = await bench.containers(name);
    const { NetworkSettings } = await bench.engine.getContainer(container ?? "").inspect();
    assert.deepEqual(Object.keys(NetworkSettings.Networks).sort(), networks);
    await bench.done("stop", "-l", name);
  } finally {
    for (const container of await bench.containers(name))
      await bench.engine.getContainer(container).remove({ force: true });
    for (const network of made) await network.remove();
  }
  const nowhere = await bench.slipway("up", "-l", join(bench.home, "nowhere"));
  assert.match(nowhere.stderr, /nowhere is no folder that can be read/);
});

test("test says pass or fail with what was expected, and nothing of it stays", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("tested");
  const manifest = (body: string): string => `name: ${name}\nruntime: node\ntest: {path: /, body: ${body}}\n`;
  const folder = await bench.folder(name, { "index.js": answer("right"), "slipway.yml": manifest("right") });
  assert.match(await bench.done("test", folder), /^passed/);
  await writeFile(join(folder, "slipway.yml"), manifest("other"));
  const failed = await bench.slipway("test", folder);
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /expected the body "other", got "right"/);
  await writeFile(join(folder, "slipway.yml"), `name: ${name}\nruntime: node\n`);
  const without = await bench.slipway("test", folder);
  assert.equal(without.exitCode, 0);
  assert.match(without.stderr, /no test/);
  assert.deepEqual(await bench.containers(name), []);
  assert.deepEqual(await bench.tags(name), []);
});

test("an exported folder builds with the classic builder and runs with plain docker", async () => {
  await using bench = await LocalWorkbench.open();
  const client = new DockerClient();
  for (const [runtime, files, expected] of [
    ["node", { "index.js": answer("exported"), ".hidden": "kept", "run.sh": "#!/bin/sh\n" }, /^exported$/],
    ["static", { "index.html": "<p>exported</p>", "README.md": "mine" }, /<p>exported<\/p>/],
  ] as const) {
    const name = bench.name(runtime);
    const folder = await bench.folder(name, { ...files, "slipway.yml": `name: ${name}\nruntime: ${runtime}\n` });
    const exported = join(bench.home, `${name}-exported`);
    assert.equal(await bench.done("export", folder, exported), exported);
    const again = await bench.slipway("export", folder, exported);
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /is there already/);
    assert.ok((await readdir(exported)).includes(".slipway"));
    assert.equal((await stat(exported)).mode & 0o777, 0o755);
    const readme = await readFile(join(exported, runtime === "static" ? "README.docker.md" : "README.md"), "utf8");
    assert.match(readme, new RegExp(`docker build -t ${name} \\.`));
    if (runtime === "static") assert.equal(await readFile(join(exported, "README.md"), "utf8"), "mine");

    const tag = `slipway-export-test/${name}:latest`;
    const tar = run("tar", ["-C", exported, "-cf", `${exported}.tar`, "."], { timeoutMs: 10_000 });
    assert.equal((await tar).exitCode, 0);
    const build = {
      tags: [tag],
      labels: {},
      buildArgs: {},
      secrets: {},
      noCache: false,
      memoryBytes: 1024 ** 3,
      cpuMillicores: 1000,
    };
    const context = await readFile(`${exported}.tar`);
    const builder = new DockerBuildEngine(client, { hasBuildkit: false });
    let container: string | undefined;
    try {
      const log: string[] = [];
      await builder.build(
        { ...build, openContext: () => Readable.from([context]) },
        (text) => log.push(text),
        new AbortController().signal,
      );
      const created = await bench.engine.createContainer({ Image: tag, HostConfig: { Init: true } });
      container = created.id;
      await created.start();
      const { NetworkSettings } = await created.inspect();
      const url = `http://${NetworkSettings.Networks.bridge?.IPAddress}:8080/`;
      await eventually(async () => assert.match((await textAt(url)) ?? "", expected));
    } finally {
      if (container !== undefined) await bench.engine.getContainer(container).remove({ force: true, v: true });
      await bench.engine.getImage(tag).remove({ force: true });
    }
  }
});

test("without an engine it says so and what to do", async () => {
  await using bench = await LocalWorkbench.open();
  const folder = await bench.folder("alone", { "index.js": answer("x") });
  const env = { ...bench.env, SLIPWAY_DOCKER_SOCKET: join(bench.home, "no.sock") };
  const { exitCode, stderr } = await run(BIN, ["up", "-l", folder], { env, timeoutMs: 30_000 });
  assert.equal(exitCode, 1);
  assert.match(stderr, /The Docker engine does not answer at .*no\.sock/);
  assert.match(stderr, /systemctl start docker/);
});

test("Ctrl-C during a test leaves nothing", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("stopped");
  // Listens nowhere, so that it would be waited for a minute.
  const folder = await bench.folder(name, {
    Dockerfile: 'FROM slipway/base-node:24\nCMD ["node", "-e", "setInterval(() => {}, 1000)"]\n',
  });
  const child = spawn(BIN, ["test", folder], { env: bench.env, stdio: "ignore" });
  await eventually(async () => assert.equal((await bench.containers(name)).length, 1), 60_000);
  const closed = once(child, "close");
  child.kill("SIGINT");
  assert.equal((await closed)[0], 130);
  assert.deepEqual(await bench.containers(name), []);
  assert.deepEqual(await bench.tags(name), []);
});

test("followed logs come from all instances, and from one that starts later", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("followed");
  const source = `console.log("began");\n${answer("x")}`;
  const folder = await bench.folder(name, { "index.js": source });
  await bench.done("up", "-l", folder);
  const child = spawn(BIN, ["logs", "-l", name, "--follow"], { env: bench.env, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const instances = (): number => new Set(output.match(/^slipway-local-\S+(?= \| began$)/gm)).size;
  await eventually(() => assert.equal(instances(), 1), 30_000);
  await bench.done("scale", "-l", name, "2");
  await eventually(() => assert.equal(instances(), 2), 30_000);
  const closed = once(child, "close");
  child.kill("SIGINT");
  await closed;
});

/** Sets the secret `key`, its value through standard input. */
async function setSecret(bench: LocalWorkbench, name: string, value: string): Promise<void> {
  const child = spawn(BIN, ["secret", "set", "-l", name, "key"], {
    env: bench.env,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const closed = once(child, "close");
  child.stdin.end(value);
  assert.equal((await closed)[0], 0);
}
