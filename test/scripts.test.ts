/** The scripts a newcomer and CI start with: what they say where something is missing, and that a run can't pass unseen. */

import assert from "node:assert/strict";
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type RunResult, run } from "../src/lib/run.ts";

const REPOSITORY = join(import.meta.dirname, "..");

/** A checkout with the scripts only, and a folder of programs to put first on the PATH. */
class Checkout {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(t: TestContext): Promise<Checkout> {
    const folder = await mkdtemp(join(tmpdir(), "slipway-scripts-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(join(REPOSITORY, "script"), join(folder, "script"), { recursive: true });
    await mkdir(join(folder, "bin"));
    await copyFile(join(REPOSITORY, "bin/slipway"), join(folder, "bin/slipway"));
    await mkdir(join(folder, "programs"));
    return new Checkout(folder);
  }

  /** A program of that name, found before the machine's own. */
  async program(name: string, body: string): Promise<void> {
    const path = join(this.folder, "programs", name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
  }

  /** Runs `command` as a script that has sourced common.sh. */
  sh(command: string, env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    const path = `${join(this.folder, "programs")}:/usr/local/bin:/usr/bin:/bin`;
    return run("/bin/sh", ["-euc", `. script/lib/common.sh\n${command}`], {
      cwd: this.folder,
      env: { PATH: path, HOME: this.folder, ...env },
      timeoutMs: 30_000,
    });
  }
}

/** A Node that is too old, and an npm that hands out a package with the real one in it. */
async function oldNode(checkout: Checkout): Promise<void> {
  await checkout.program("node", "echo 20");
  await checkout.program(
    "npm",
    `mkdir -p package/bin && ln -s '${process.execPath}' package/bin/node && touch package/LICENSE && tar -czf node.tgz package`,
  );
}

test("after Node 24 is fetched it is the one that runs, in the same script too", async (t) => {
  const checkout = await Checkout.make(t);
  await oldNode(checkout);
  const { stdout, stderr } = await checkout.sh("install_node; node --version; install_node");
  assert.match(stdout, /^==> Fetching Node 24.*\nv24\.\d+\.\d+\n$/, stderr);
});

test("the machine's own npm settings count for the packages as well", async (t) => {
  const checkout = await Checkout.make(t);
  await writeFile(join(checkout.folder, "package.json"), "{}");
  await writeFile(join(checkout.folder, "package-lock.json"), "{}");
  await checkout.program(
    "npm",
    '[ "$1" = config ] && { echo /machine/npmrc; exit; }; mkdir -p node_modules; echo "$npm_config_globalconfig" >node_modules/seen',
  );
  const { exitCode, stderr } = await checkout.sh("install_packages");
  assert.equal(exitCode, 0, stderr);
  assert.equal(await readFile(join(checkout.folder, "node_modules/seen"), "utf8"), "/machine/npmrc\n");
  assert.equal((await checkout.sh("install_packages")).stdout, "");
});

test("a command that fails shows its output, one that works does not, and its status is kept", async (t) => {
  const checkout = await Checkout.make(t);
  const good = await checkout.sh("quietly echo fine");
  assert.deepEqual([good.exitCode, good.stdout, good.stderr], [0, "", ""]);
  const bad = await checkout.sh("quietly sh -c 'echo why; exit 3' || exit $?");
  assert.deepEqual([bad.exitCode, bad.stdout, bad.stderr], [3, "", "why\n"]);
});

test("where the Docker engine is missing, stopped or forbidden and the user is not root, it says what to run", async (t) => {
  const checkout = await Checkout.make(t);
  for (const [code, dockerd, words] of [
    [4, false, /Docker is not installed.*\n {2}Run: sudo apt-get install -y docker\.io && sudo usermod/],
    [4, true, /engine is not running.*\n {2}Run: sudo systemctl start docker/],
    [3, true, /may not use the Docker engine\n {2}Run: sudo usermod -aG docker /],
    [1, true, /listens but does not answer/],
  ] as const) {
    const found = dockerd ? "return 0" : '[ "$2" != dockerd ]';
    const fakes = `is_root() { false; }; engine_answers() { return ${code}; }; command() { ${found}; }`;
    const { exitCode, stderr } = await checkout.sh(`${fakes}; start_engine`);
    assert.equal(exitCode, 1);
    assert.match(stderr, words);
  }
  const elsewhere = await checkout.sh("engine_answers() { return 4; }; start_engine", { SLIPWAY_DOCKER_SOCKET: "/no" });
  assert.match(elsewhere.stderr, /no Docker engine answers on \/no\n {2}Start it, or unset SLIPWAY_DOCKER_SOCKET/);
});

test("an engine that answers, that is not there, and somebody else on its socket are told apart", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-socket-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, "engine.sock");
  const ask = async (): Promise<number> => {
    const env = { ...process.env, SLIPWAY_DOCKER_SOCKET: socket };
    const script = join(REPOSITORY, "script/lib/engine-answers.ts");
    return (await run(process.execPath, [script], { env, timeoutMs: 20_000 })).exitCode;
  };
  assert.equal(await ask(), 4);
  for (const [answer, code] of [
    ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK", 0],
    ["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", 1],
  ] as const) {
    const server = createServer((connection) => connection.resume().end(answer));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    assert.equal(await ask(), code);
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a stale pid file is removed; that of a living process of the name stays", async (t) => {
  const checkout = await Checkout.make(t);
  const file = join(checkout.folder, "engine.pid");
  for (const [pid, stays] of [
    ["4194304", false],
    ["", false],
    [String(process.pid), false],
  ] as const) {
    await writeFile(file, pid);
    assert.equal((await checkout.sh(`remove_stale_pid '${file}' dockerd`)).exitCode, 0);
    assert.equal(
      await stat(file).then(
        () => true,
        () => false,
      ),
      stays,
      pid,
    );
  }
  // Right after the fork it is still called as the shell is.
  const isSleep = 'until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done';
  const alive = `sleep 20 & echo $! >'${file}'; ${isSleep}; remove_stale_pid '${file}' sleep; kill $!; [ -f '${file}' ]`;
  assert.equal((await checkout.sh(alive)).exitCode, 0);
  assert.equal((await checkout.sh(`remove_stale_pid '${file}-not-there' dockerd`)).exitCode, 0);
});

test("bin/slipway before anything was installed names the script to run", async (t) => {
  const checkout = await Checkout.make(t);
  await checkout.program("node", "echo 20");
  const { exitCode, stderr } = await checkout.sh("exec bin/slipway list");
  assert.equal(exitCode, 1);
  assert.match(stderr, /^slipway: Node 24 is missing\.\n {2}Run: .*\/script\/bootstrap\n$/);
});

test("a test run with a skipped test, an unfinished one, a file without tests, or no test fails", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-strict-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const good = 'import { test } from "node:test"; test("good", () => {});';
  for (const [code, status, words] of [
    [good, 0, /^$/],
    [`${good} test.skip("planted", () => {});`, 1, /skipped, which is a failure here: planted/],
    [`${good} test.todo("planted", () => {});`, 1, /skipped, which is a failure here: planted/],
    ["export {};", 1, /no test in .*planted\.test\.ts\nno test ran/],
  ] as const) {
    const file = join(folder, "planted.test.ts");
    await writeFile(file, code);
    const reporter = join(REPOSITORY, "script/lib/strict-reporter.ts");
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const args = ["--test", `--test-reporter=${reporter}`, file];
    const { exitCode, stdout } = await run(process.execPath, args, { env, timeoutMs: 30_000 });
    assert.equal(exitCode, status, code);
    assert.match(stdout, words);
  }
});
