/** The whole gateway as processes: what may die, and what is noticed of it outside. */

import assert from "node:assert/strict";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { ask, eventually, route, startApp, tableOf } from "../../test/gateway/in-process.ts";
import { dataDirOf, HolderProcess, isAlive, logOf, signal, startLoad } from "../../test/gateway/processes.ts";

/** A data directory whose table leads to an app of this process. */
async function helloDir(t: TestContext, localPort?: number): Promise<string> {
  const app = await startApp(t, (_request, response) => response.end("hello"));
  const more = localPort === undefined ? {} : { localPorts: [[localPort, "hello"]] as const };
  return dataDirOf(t, tableOf(route([app.target]), more));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

async function serves(port: number): Promise<boolean> {
  const answer = await ask(port, "/").catch(() => undefined);
  return answer?.status === 200 && (await answer.text()) === "hello";
}

describe("holder", { concurrency: 4 }, () => {
  it("loses no request while control is killed ten times, and control is back each time", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t));
    const port = await holder.ready();
    const stop = await startLoad(t, port);
    const pids = new Set<number>();
    for (let i = 0; i < 10; i += 1) {
      // Asked for through the gateway: such requests wait for control to be back.
      const { pid } = await holder.status(port);
      pids.add(pid);
      signal(pid, "SIGKILL");
    }
    await holder.status(port);
    const result = await stop();
    assert.equal(pids.size, 10);
    assert.deepEqual(result.lost, []);
    assert.ok(result.answered > 100, `${result.answered} requests`);
  });

  it("loses no request while it reloads, and all workers and control are new then", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t));
    const port = await holder.ready();
    const before = await holder.status(port);
    const stop = await startLoad(t, port);
    await holder.status(port, "/reload");
    await eventually(
      async () => !(await holder.status(port)).workers.some((pid) => before.workers.includes(pid)),
      15_000,
    );
    const middle = await holder.status(port);
    assert.notEqual(middle.pid, before.pid);
    holder.kill("SIGHUP");
    await eventually(
      async () => !(await holder.status(port)).workers.some((pid) => middle.workers.includes(pid)),
      15_000,
    );
    const result = await stop();
    assert.deepEqual(result.lost, []);
    assert.ok(result.answered > 100, `${result.answered} requests`);
  });

  it("reloads at once although control is only just starting, with a client that keeps an idle connection", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t));
    const port = await holder.ready();
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await ask(port, "/", { agent });
    const before = await holder.status(port);
    signal(before.pid, "SIGKILL");
    // It answers again before it has said that it is ready; what it is told then must not get lost.
    await holder.status(port, "/reload");
    await eventually(() => !before.workers.some(isAlive), 15_000);
    assert.ok(await serves(port));
  });

  it("leaves workers serving when it is killed together with control, and a second start takes over", async (t) => {
    const dataDir = await helloDir(t);
    const first = new HolderProcess(t, dataDir);
    const port = await first.ready();
    const { pid, workers } = await first.status(port);
    first.kill("SIGKILL");
    signal(pid, "SIGKILL");
    await eventually(() => !isAlive(pid));
    for (let i = 0; i < 20; i += 1) assert.ok(await serves(port));
    const second = new HolderProcess(t, dataDir, `127.0.0.1:${port}`);
    assert.equal(await second.ready(), port);
    assert.ok(await serves(port));
    const now = await second.status(port);
    assert.ok(!now.workers.some((each) => workers.includes(each)));
    await eventually(() => !workers.some(isAlive), 10_000);
  });

  it("replaces a worker that dies", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t));
    const port = await holder.ready();
    const [victim = 0] = (await holder.status(port)).workers;
    signal(victim, "SIGKILL");
    await eventually(async () => {
      const { workers } = await holder.status(port).catch(() => ({ workers: [] as number[] }));
      return workers.length === 2 && !workers.includes(victim);
    });
    assert.ok(await serves(port));
  });

  it("keeps the port it has picked when its only worker dies", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t), "127.0.0.1:0", 1);
    const port = await holder.ready();
    const [victim = 0] = (await holder.status(port)).workers;
    signal(victim, "SIGKILL");
    await eventually(() => serves(port));
  });

  it("says so and exits 1 when somebody else has the address", async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    t.after(() => other.close());
    const address = other.address();
    assert.ok(typeof address === "object" && address !== null);
    const holder = new HolderProcess(t, await helloDir(t), `127.0.0.1:${address.port}`);
    assert.equal(await holder.exited, 1);
    assert.deepEqual(holder.news, [{ type: "fatal", message: `127.0.0.1:${address.port} is in use` }]);
  });

  it("exits with control's code when control ends before it was ever ready", async (t) => {
    const holder = new HolderProcess(t, await helloDir(t), "127.0.0.1:0", 1, 78);
    assert.equal(await holder.exited, 78);
  });

  it("serves local ports, and a taken one ends nothing", async (t) => {
    const port = await freePort();
    const dataDir = await helloDir(t, port);
    const holder = new HolderProcess(t, dataDir);
    await holder.ready();
    await eventually(() => serves(port));
    const second = new HolderProcess(t, await helloDir(t, port));
    assert.ok(await serves(await second.ready()));
    assert.equal(await logOf(dataDir), "");
  });

  it("ends with code 0 on SIGTERM, after the request under way", async (t) => {
    let finish: (() => void) | undefined;
    const app = await startApp(t, (_request, response) => {
      finish = () => response.end("late");
    });
    const holder = new HolderProcess(t, await dataDirOf(t, tableOf(route([app.target]))));
    const port = await holder.ready();
    const pending = ask(port, "/");
    await eventually(() => finish !== undefined);
    holder.kill("SIGTERM");
    await eventually(() =>
      fetch(`http://127.0.0.1:${port}/funko/nobody/`, { headers: { connection: "close" } }).then(
        () => false,
        () => true,
      ),
    );
    finish?.();
    assert.equal(await (await pending).text(), "late");
    assert.equal(await holder.exited, 0);
  });
});
