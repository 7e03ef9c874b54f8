/** script/install and script/uninstall, run below a folder of the test's own, without systemd, root or a network. */

import assert from "node:assert/strict";
import {
  appendFile,
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type RunResult, run } from "../lib/run.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

type Machine = {
  readonly root: string;
  readonly checkout: string;
  install(...args: string[]): Promise<RunResult>;
  uninstall(...args: string[]): Promise<RunResult>;
};

/** A small checkout with the real scripts in it, and an empty root folder. */
async function machine(t: TestContext): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-install-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const checkout = join(folder, "checkout");
  const root = join(folder, "root");
  const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
  const lock = { packages: { "node_modules/kept": {}, "node_modules/tool": { dev: true } } };
  const files = {
    "bin/slipway": "#!/bin/sh\n",
    "src/main/main.ts": "",
    "src/main/main.test.ts": "",
    "node_modules/kept/index.js": "",
    "node_modules/tool/index.js": "",
    "package.json": '{\n  "version": "1.2.3"\n}\n',
    "package-lock.json": JSON.stringify(lock),
    LICENSE: "",
    "README.md": "",
    "docs/operations.md": "",
    "examples/hello/index.js": "",
    ".tools/node/bin/node": node,
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), content);
  }
  await chmod(join(checkout, "bin/slipway"), 0o775);
  await chmod(join(checkout, ".tools/node/bin/node"), 0o755);
  await cp(join(REPOSITORY, "script/systemd"), join(checkout, "script/systemd"), { recursive: true });
  for (const name of ["install", "uninstall"]) {
    await copyFile(join(REPOSITORY, "script", name), join(checkout, "script", name));
  }
  const script = (name: string, args: readonly string[]): Promise<RunResult> =>
    run(join(checkout, "script", name), ["--root", root, ...args], { timeoutMs: 30_000 });
  return {
    root,
    checkout,
    install: (...args) => script("install", ["--no-bootstrap", ...args]),
    uninstall: (...args) => script("uninstall", args),
  };
}

async function releasesOf({ root }: Machine): Promise<readonly string[]> {
  return (await readdir(join(root, "opt/slipway/releases"))).sort();
}

test("install copies what runs, links the command, writes the unit, and says what is next", async (t) => {
  const here = await machine(t);
  const { exitCode, stdout, stderr } = await here.install();
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /Next: slipway deploy \/opt\/slipway\/current\/examples\/hello\n$/);
  const current = join(here.root, "opt/slipway/current");
  assert.match(await readlink(current), /^releases\/1\.2\.3-[0-9a-f]{12}$/);
  assert.equal(await readlink(join(here.root, "usr/local/bin/slipway")), "/opt/slipway/current/bin/slipway");
  assert.equal((await stat(join(current, "bin/slipway"))).mode & 0o777, 0o755);
  assert.equal((await stat(join(here.root, "var/lib/slipway"))).mode & 0o777, 0o750);
  assert.deepEqual(await readdir(join(current, "node_modules")), ["kept"]);
  assert.deepEqual(await readdir(join(current, "src/main")), ["main.ts"]);
  const unit = await readFile(join(here.root, "etc/systemd/system/slipway.service"), "utf8");
  assert.match(unit, /^ExecStart=\/opt\/slipway\/current\/bin\/slipway server$/m);
  assert.match(unit, /^Environment=SLIPWAY_DATA_DIR=\/var\/lib\/slipway$/m);
  assert.match(unit, /^KillMode=process$/m);
  assert.doesNotMatch(unit, /@[A-Z]+@/);
  const units = join(here.root, "etc/systemd/system");
  const upgrade = await readFile(join(units, "slipway-upgrade.service"), "utf8");
  const start = "ExecStart=/opt/slipway/current/bin/slipway upgrade --run --data-dir /var/lib/slipway";
  assert.ok(upgrade.includes(start), upgrade);
  const waits = await readFile(join(units, "slipway-upgrade.path"), "utf8");
  assert.match(waits, /^PathExists=\/var\/lib\/slipway\/upgrade\.requested$/m);
});

test("installing again changes nothing; new code becomes another release, options stay, three releases at most", async (t) => {
  const here = await machine(t);
  await here.install();
  const options = join(here.root, "etc/slipway/slipway.env");
  await writeFile(options, "SLIPWAY_ADDR=:80\n");
  const first = await releasesOf(here);
  assert.equal((await here.install()).exitCode, 0);
  assert.deepEqual(await releasesOf(here), first);
  for (const text of ["// 1", "// 2", "// 3"]) {
    await writeFile(join(here.checkout, "src/main/main.ts"), text);
    assert.equal((await here.install()).exitCode, 0);
  }
  const code = await readFile(join(here.root, "opt/slipway/current/src/main/main.ts"), "utf8");
  assert.equal(code, "// 3");
  assert.equal((await releasesOf(here)).length, 3);
  assert.equal(await readFile(options, "utf8"), "SLIPWAY_ADDR=:80\n");
});

test("install --no-service writes no unit; folders are where they are asked for", async (t) => {
  const here = await machine(t);
  const { stdout } = await here.install("--no-service", "--prefix", "/srv/slip", "--data-dir", "/srv/data/");
  assert.match(stdout, /Next: slipway server --data-dir \/srv\/data\n$/);
  assert.deepEqual((await readdir(here.root)).sort(), ["srv", "usr"]);
  assert.equal(await readlink(join(here.root, "usr/local/bin/slipway")), "/srv/slip/current/bin/slipway");
});

test("install refuses what it can't use, naming it, and leaves nothing behind", async (t) => {
  const here = await machine(t);
  for (const args of [["--prefix", "relative"], ["--prefix", "/a b"], ["--what"], ["--data-dir"]]) {
    const { exitCode, stderr } = await here.install(...args);
    assert.equal(exitCode, 1, args.join(" "));
    assert.match(stderr, /install: /);
  }
  await assert.rejects(stat(here.root));
  await mkdir(join(here.root, "usr/local/bin"), { recursive: true });
  await writeFile(join(here.root, "usr/local/bin/slipway"), "somebody else's");
  const { exitCode, stderr } = await here.install();
  assert.equal(exitCode, 1);
  assert.match(stderr, /is not Slipway's\n {2}Move it away/);
});

test("uninstall keeps data and options and says where they are; --purge removes them; both may be repeated", async (t) => {
  const here = await machine(t);
  await here.install();
  await writeFile(join(here.root, "var/lib/slipway/slipway.db"), "");
  const { exitCode, stdout } = await here.uninstall();
  assert.equal(exitCode, 0);
  assert.match(stdout, /Kept: data in \/var\/lib\/slipway, options in \/etc\/slipway/);
  const unit = "etc/systemd/system/slipway";
  const units = [`${unit}.service`, `${unit}-upgrade.service`, `${unit}-upgrade.path`];
  for (const gone of ["opt/slipway", "usr/local/bin/slipway", ...units]) {
    await assert.rejects(stat(join(here.root, gone)), gone);
  }
  assert.ok((await stat(join(here.root, "var/lib/slipway/slipway.db"))).isFile());
  assert.equal((await here.uninstall("--purge")).exitCode, 0);
  assert.equal((await here.uninstall("--purge")).exitCode, 0);
  await assert.rejects(stat(join(here.root, "var/lib/slipway")));
  await assert.rejects(stat(join(here.root, "etc/slipway")));
});

test("uninstall --purge removes what lies in memory for this server's containers, and nothing of another server's", async (t) => {
  const here = await machine(t);
  await here.install();
  const rows = "CREATE TABLE settings (key TEXT, value TEXT); INSERT INTO settings VALUES ('server_id', 'this-one')";
  const program = `new (require("node:sqlite").DatabaseSync)(process.argv[1]).exec(${JSON.stringify(rows)})`;
  const database = join(here.root, "var/lib/slipway/slipway.db");
  await run(process.execPath, ["-e", program, database], { timeoutMs: 30_000 });
  await appendFile(join(here.root, "etc/slipway/slipway.env"), "SLIPWAY_SECRETS_DIR=/mnt/secrets\n");
  for (const path of ["mnt/secrets/this-one/f", "mnt/secrets/other/f", "dev/shm/slipway-0/this-one/f"]) {
    await mkdir(join(here.root, path), { recursive: true });
  }
  await here.uninstall();
  assert.deepEqual((await readdir(join(here.root, "mnt/secrets"))).sort(), ["other", "this-one"]);
  const { exitCode, stdout, stderr } = await here.uninstall("--purge");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /removed: secrets of its containers/);
  assert.deepEqual(await readdir(join(here.root, "mnt/secrets")), ["other"]);
  await assert.rejects(stat(join(here.root, "dev/shm/slipway-0")));
});

test("uninstall removes no folder that does not look like Slipway's", async (t) => {
  const here = await machine(t);
  for (const folder of ["home/me", "srv"]) await mkdir(join(here.root, folder, "file"), { recursive: true });
  for (const args of [
    ["--prefix", "/home/me"],
    ["--purge", "--data-dir", "/srv"],
    ["--prefix", "/"],
  ]) {
    const { exitCode } = await here.uninstall(...args);
    assert.equal(exitCode, 1, args.join(" "));
  }
  assert.ok((await stat(join(here.root, "home/me/file"))).isDirectory());
  assert.ok((await stat(join(here.root, "srv/file"))).isDirectory());
});
