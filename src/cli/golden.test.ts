/**
 * Golden files: the help of every command, and what commands print for people and as JSON. After a wanted change:
 * `SLIPWAY_UPDATE_GOLDEN=1 node --test src/cli/golden.test.ts`, and read the diff.
 */

import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS } from "./command-list.ts";
import { FakeServer } from "./testing/fake-server.ts";
import { Home } from "./testing/run-slipway.ts";

const FOLDER = join(import.meta.dirname, "golden");
// biome-ignore lint/style/noProcessEnv: the switch of this test alone
const IS_UPDATE = process.env.SLIPWAY_UPDATE_GOLDEN === "1";

/** File name → command line. */
const OUTPUTS: Readonly<Record<string, string>> = {
  "out-list": "list",
  "out-list-json": "list --json",
  "out-status": "status",
  "out-status-json": "status hello --json",
  "out-deployments": "deployments hello",
  "out-logs": "logs hello",
  "out-logs-json": "logs hello --json",
  "out-logs-build": "logs hello --build",
  "out-start": "start hello",
  "out-stop-json": "stop hello --json",
  "out-runtime-list": "runtime list",
  "out-runtime-show": "runtime show node",
  "out-unknown-function": "stop helo",
  "out-unknown-function-json": "stop helo --json",
  "out-unknown-command": "stauts",
  "out-unknown-command-json": "runtime lst --json",
  "out-unknown-flag": "logs hello --folow",
  "out-missing-argument-json": "logs --json",
  "out-delete-unconfirmed": "delete hello",
};

async function matchesGolden(name: string, text: string): Promise<void> {
  const path = join(FOLDER, `${name}.txt`);
  if (IS_UPDATE) await writeFile(path, text);
  assert.equal(text, await readFile(path, "utf8"), `${name}.txt differs`);
}

test("the help of every command is as in its golden file and shows examples", async () => {
  await using home = await Home.open();
  const top = await home.run(["help"]);
  await matchesGolden("help", top.stdout);
  for (const { words } of COMMANDS) {
    const { status, stdout, stderr } = await home.run(["help", ...words.split(" ")]);
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /\nExamples:\n/, words);
    assert.match(stdout, /--json/, words);
    await matchesGolden(`help-${words.replace(" ", "-")}`, stdout);
  }
});

test("what commands print is as in the golden files, one JSON document with --json", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  for (const [name, line] of Object.entries(OUTPUTS)) {
    const { status, stdout, stderr } = await home.on(server, line.split(" "));
    if (line.includes("--json")) {
      assert.doesNotThrow(() => JSON.parse(stdout), line);
      assert.equal(stderr, "", line);
    }
    await matchesGolden(name, `$ slipway ${line}\n${stdout}${stderr}[exit ${status}]\n`);
  }
});

test("no golden file is left of something that is gone", async () => {
  const known = [
    "help",
    ...COMMANDS.map(({ words }) => `help-${words.replace(" ", "-")}`),
    ...Object.keys(OUTPUTS),
  ].map((name) => `${name}.txt`);
  assert.deepEqual((await readdir(FOLDER)).sort(), known.sort());
});
