/** The architecture rules find what they forbid: each kind of forbidden import is planted in a copy of the code. */

import assert from "node:assert/strict";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type RunResult, run } from "../src/lib/run.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const COPIED = ["src", "test", "script/lib", ".dependency-cruiser.cjs", "tsconfig.json", "package.json"];

/** Rule → file → the code planted there. */
const PLANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "domain-is-pure": { "src/domain/planted.ts": 'import "node:fs";' },
  "lib-knows-no-domain": { "src/lib/planted.ts": 'import type { Clock } from "../domain/clock.ts";' },
  "implementations-are-strangers": {
    "src/store/planted.ts": 'import { DockerClient } from "../docker/docker-client.ts";',
  },
  "no-circular": {
    "src/cli/planted-a.ts": 'import "./planted-b.ts";',
    "src/cli/planted-b.ts": 'import "./planted-a.ts";',
  },
  "no-unresolvable": { "src/cli/planted-lost.ts": 'import "./not-there.ts";' },
  "no-tests-in-product": { "src/cli/planted-test.ts": 'import "./golden.test.ts";' },
  "one-door-processes": { "src/builder/planted.ts": 'import { spawn } from "node:child_process";' },
  "one-door-cluster": { "src/http/planted-cluster.ts": 'import cluster from "node:cluster";' },
  "one-door-sqlite": { "src/reconciler/planted.ts": 'import { DatabaseSync } from "node:sqlite";' },
  "one-door-docker": { "src/builder/planted-docker.ts": 'import Docker from "dockerode";' },
  "one-door-undici": { "src/builder/planted-undici.ts": 'import { request } from "undici";' },
};

let copy: string;

before(async () => {
  copy = await mkdtemp(join(tmpdir(), "slipway-architecture-"));
  for (const path of COPIED) await cp(join(REPOSITORY, path), join(copy, path), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules"), join(copy, "node_modules"));
});
after(() => rm(copy, { recursive: true, force: true }));

function check(): Promise<RunResult> {
  return run(process.execPath, ["script/lib/check-architecture.ts"], { cwd: copy, timeoutMs: 120_000 });
}

test("the code as it is breaks no rule, and every forbidden import is found, named by its rule and file", async () => {
  const clean = await check();
  assert.deepEqual([clean.exitCode, clean.stderr], [0, ""]);
  for (const files of Object.values(PLANTS)) {
    for (const [path, code] of Object.entries(files)) await writeFile(join(copy, path), `${code}\n`);
  }
  const { exitCode, stderr } = await check();
  assert.equal(exitCode, 1);
  for (const [rule, files] of Object.entries(PLANTS)) {
    assert.ok(
      Object.keys(files).some((path) => stderr.includes(`${rule}: ${path} →`)),
      `${rule}:\n${stderr}`,
    );
  }
});

test("a check that sees no modules fails", async () => {
  await rm(join(copy, "tsconfig.json"));
  await writeFile(
    join(copy, ".dependency-cruiser.cjs"),
    'module.exports = { options: { exclude: { path: "^src/" } } };',
  );
  await writeFile(join(copy, "tsconfig.json"), "{}");
  const { exitCode, stderr } = await check();
  assert.equal(exitCode, 1);
  assert.match(stderr, /saw 0 of \d+ modules/);
});
