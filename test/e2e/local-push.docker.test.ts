/** `slipway build -l --registry`: a local image goes to a registry. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findFreePort } from "../../src/lib/free-port.ts";
import { eventually } from "../engine/eventually.ts";
import { LocalWorkbench } from "./local-workbench.ts";

test("an image is pushed to a registry under both its tags", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("pushed");
  const folder = await bench.folder(name, { "index.js": "module.exports = () => 1;\n" });
  await using registry = await openRegistry(bench.home);
  const prefix = `127.0.0.1:${registry.port}/team`;
  await bench.done("build", "-l", folder, "--registry", prefix);
  try {
    const listed = await fetch(`http://127.0.0.1:${registry.port}/v2/team/${name}/tags/list`);
    const { tags } = (await listed.json()) as { readonly tags: readonly string[] };
    assert.equal(tags.length, 2);
    assert.ok(tags.includes("latest") && tags.some((tag) => /^\d+$/.test(tag)));
    const away = await bench.slipway("build", "-l", folder, "--registry", "127.0.0.1:1/team");
    assert.equal(away.exitCode, 1);
    assert.match(away.stderr, /The registry 127\.0\.0\.1:1 can't be used/);
  } finally {
    await bench.done("purge", "-l", name, "--yes");
  }
});

/** Debian's docker-registry, without a password, in a folder of its own. */
async function openRegistry(folder: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await findFreePort();
  const config = join(folder, "registry.yml");
  const root = join(folder, "registry");
  await writeFile(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${root}}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  );
  const child = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const closed = once(child, "close");
  await eventually(async () => assert.equal((await fetch(`http://127.0.0.1:${port}/v2/`)).status, 200), 30_000);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
