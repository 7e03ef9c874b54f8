/** `slipway … -l` at bad moments: two at once, Ctrl-C in the middle, a port that is taken, a command that was killed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { BIN, LocalWorkbench, textAt } from "./local-workbench.ts";

const answer = (text: string): string => `module.exports = () => ${JSON.stringify(text)};\n`;
const ENDLESS = `FROM slipway/base-node:24
RUN ["node", "-e", "console.log('at it'); setTimeout(() => {}, 60000)"]
`;

test("two at once take turns: one instance, one address, both end well", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("twice");
  const folder = await bench.folder(name, { "index.js": answer("x") });
  await bench.done("build", "-l", folder);
  const urls = await Promise.all([bench.done("up", "-l", folder), bench.done("up", "-l", folder)]);
  assert.equal(urls[0], urls[1]);
  assert.equal((await bench.containers(name)).length, 1);
  assert.equal(await textAt(urls[0] ?? ""), "x");
});

test("Ctrl-C during a build ends with 130 and leaves nothing", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("stopped");
  const folder = await bench.folder(name, { Dockerfile: ENDLESS });
  const child = spawn(BIN, ["up", "-l", folder], { env: bench.env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, "close");
  await eventually(() => assert.match(stderr, /at it/), 60_000);
  child.kill("SIGINT");
  assert.equal((await closed)[0], 130, stderr);
  assert.match(stderr, /error: Interrupted\.\n$/);
  assert.deepEqual([await bench.containers(name), await bench.tags(name)], [[], []]);
});

test("a port that is taken is named, and what ran runs on; what a killed command left goes with the next one", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("taken");
  const folder = await bench.folder(name, { "index.js": answer("one") });
  const url = await bench.done("up", "-l", folder);
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const taken = await bench.slipway("up", "-l", folder, "--port", String(port));
  assert.equal(taken.exitCode, 1);
  assert.match(
    taken.stderr,
    new RegExp(`error: Port ${port} is taken on this machine\\.\\n  Choose another with --port`),
  );
  other.close();
  assert.equal(await textAt(url), "one");

  // It would be looked at for a minute before it takes anybody's place.
  await writeFile(join(folder, "index.js"), "setInterval(() => {}, 1000); await new Promise(() => {});\n");
  const child = spawn(BIN, ["up", "-l", folder], { env: bench.env, stdio: "ignore" });
  const closed = once(child, "close");
  await eventually(async () => assert.equal((await bench.containers(name)).length, 2), 60_000);
  child.kill("SIGKILL");
  await closed;
  await writeFile(join(folder, "index.js"), answer("two"));
  assert.equal(await bench.done("up", "-l", folder), url);
  assert.equal(await textAt(url), "two");
  assert.equal((await bench.containers(name)).length, 1);
});
