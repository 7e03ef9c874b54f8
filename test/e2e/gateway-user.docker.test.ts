/** Workers that are not root: what they can do, and what they can't. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "../../src/lib/run.ts";
import { eventually } from "../engine/eventually.ts";
import { ask } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, freePort } from "./uploads.ts";

const skip = process.getuid?.() === 0 ? false : "only root can start workers as another user";
const USER = "nobody";
let server: TestServer;
const port = freePort();

before(async () => {
  if (skip !== false) return;
  server = await TestServer.start({ env: { SLIPWAY_GATEWAY_USER: USER, SLIPWAY_GATEWAY_WORKERS: "1" } });
  await addTinyRuntime(server);
});
after(() => server?.close());

async function idsOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return ["Uid", "Gid", "Groups"].map((name) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1]).join(" | ");
}

async function id(option: string): Promise<string> {
  return (await run("id", [option, USER], { timeoutMs: 5_000 })).stdout.trim();
}

test("workers have the user's ids and nothing else, control stays root", { skip }, async () => {
  const [worker = 0] = await server.workerPids();
  const [uid, gid] = [await id("-u"), await id("-g")];
  const four = (text: string) => Array.from({ length: 4 }, () => text).join("\t");
  assert.equal((await idsOf(worker)).trim(), `${four(uid)} | ${four(gid)} | ${gid}`);
  assert.match(await idsOf(await server.controlPid()), /^0\t0\t0\t0 /);
});

test("functions are served by name and by port, and so is the API, also after a restart of control and a reload", {
  skip,
}, async () => {
  const works = async (): Promise<void> => {
    assert.equal((await server.call("quiet")).text, "quiet");
    assert.equal((await ask(`http://127.0.0.1:${port}`)).text, "quiet");
    assert.equal((await server.api({ path: "/function/get/quiet" })).status, 200);
  };
  await deploy(server, { name: "quiet", files: appFiles(`response.end("quiet")`), port });
  await works();
  process.kill(await server.controlPid(), "SIGKILL");
  await works();
  const [before = 0] = await server.workerPids();
  assert.equal((await server.api({ method: "POST", path: "/api/system/reload" })).status, 202);
  await eventually(async () => {
    assert.ok(!(await server.workerPids()).includes(before));
    await works();
  }, 45_000);
  await deploy(server, { name: "second", files: appFiles(`response.end("second")`) });
  assert.equal((await server.call("second")).text, "second");
});

test("the user can read neither database, key, passfile, sources nor logs", { skip }, async () => {
  const secret = [
    join(server.dataDir, "slipway.db"),
    join(server.dataDir, "gateway.log"),
    join(server.dataDir, "sources"),
    join(server.dataDir, "runtimes"),
    join(server.folder, ".passfile"),
    server.dataDir,
  ];
  for (const path of secret) assert.equal(await mayAs(USER, path, "R_OK"), false, path);
  for (const socket of ["control.sock", "gateway.sock"])
    assert.equal(await mayAs(USER, join(server.dataDir, socket), "W_OK"), true, socket);
});

test("a data directory that the user can't reach is refused with a clear message", { skip }, async () => {
  const closed = await mkdtemp(join(tmpdir(), "slipway-closed-"));
  try {
    const env = { SLIPWAY_GATEWAY_USER: USER, SLIPWAY_DATA_DIR: join(closed, "data") };
    await assert.rejects(TestServer.start({ env }), new RegExp(`${closed}, above the data folder, is closed to it`));
  } finally {
    await rm(closed, { recursive: true });
  }
});

test("a user that does not exist is refused with a clear message", { skip }, async () => {
  await assert.rejects(
    TestServer.start({ env: { SLIPWAY_GATEWAY_USER: "no-such-user" } }),
    /can't run as no-such-user: there is no user no-such-user/,
  );
});

/** Whether that user could open the file, as the kernel sees it. */
async function mayAs(user: string, path: string, mode: "R_OK" | "W_OK"): Promise<boolean> {
  const text = `process.setgroups([${await id("-g")}]); process.setgid(${await id("-g")}); process.setuid(${JSON.stringify(user)});
const fs = require("node:fs"); try { fs.accessSync(${JSON.stringify(path)}, fs.constants.${mode}); } catch { process.exitCode = 3; }`;
  const { exitCode, stderr } = await run(process.execPath, ["--eval", text], { timeoutMs: 10_000 });
  assert.ok(exitCode === 0 || exitCode === 3, stderr);
  return exitCode === 0;
}
