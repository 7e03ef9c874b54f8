/** The README of an exported folder. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_SETTINGS } from "../domain/rollout.ts";
import { exportReadme } from "./local-export-readme.ts";
import { localSettingsOf } from "./local-settings.ts";

const settings = localSettingsOf(
  {
    ...DEFAULT_SETTINGS,
    port: 3000,
    env: { WORD: "it's $HOME" },
    volumes: [{ source: "data", target: "/data", readOnly: false }],
    capabilities: ["NET_BIND_SERVICE"],
    command: ["node", "a b.js"],
  },
  undefined,
  undefined,
);

test("it says the two commands, with all that plain docker must be told, quoted for a shell", () => {
  const text = exportReadme("hello", settings, undefined);
  assert.match(text, /^docker build -t hello \.$/m);
  const run = text.slice(text.indexOf("docker run"));
  for (const part of [
    "-p 127.0.0.1:3000:3000",
    "-e PORT=3000",
    `-e 'WORD=it'\\''s $HOME'`,
    `-v "$PWD"/data:/data`,
    "--memory 512m",
    "--cap-drop ALL",
    "--cap-add NET_BIND_SERVICE",
    "hello \\\n  node \\\n  'a b.js'",
  ]) {
    assert.ok(run.includes(part), `${part} in:\n${run}`);
  }
  assert.ok(!text.includes("--build-arg"));
});

test("a base image of this machine's own comes with the way to build elsewhere", () => {
  const text = exportReadme("hello", settings, { published: "node:24-slim", local: "slipway/base-node:24" });
  assert.match(text, /--build-arg BASE_IMAGE=node:24-slim/);
});
