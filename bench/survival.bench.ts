/** Requests lost while things change or die under constant load, and how soon a killed instance serves again. */

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { ask } from "../test/e2e/ask.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "../test/e2e/uploads.ts";
import { eventually } from "../test/engine/eventually.ts";
import { startLoad } from "../test/support/load.ts";
import type { LoadReport } from "../test/support/load-client.ts";
import { applyAndRollBack } from "./applies.ts";
import { ms, quantile, type Row } from "./table.ts";

const PORT = 28_302;
const KILLS = 10;

export async function benchSurvival(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    await addTinyRuntime(server);
    const version = (n: number): Promise<unknown> =>
      deploy(server, { name: "load", port: PORT, files: appFiles(`response.end("v${n}")`) });
    await version(0);
    const redeploys = await underLoad(server, async () => {
      for (let n = 1; n <= 20; n += 1) await version(n);
    });
    const reloads = await underLoad(server, async () => {
      for (let n = 0; n < 5; n += 1) await reload(server);
    });
    const applies = await underLoad(server, () => applyAndRollBack(server, "load", 10));
    const kills = await underLoad(server, async () => {
      for (let n = 0; n < 10; n += 1) await killControl(server);
    });
    const back = await killsOfAnInstance(server);
    return [
      lostRow("20 redeploys", redeploys),
      lostRow("5 reloads", reloads),
      lostRow("11 applied changes and 10 rollbacks", applies),
      lostRow("10 SIGKILLs of control", kills),
      {
        what: "all together",
        value: `${[redeploys, reloads, applies, kills].reduce((sum, r) => sum + r.sent, 0)} sent`,
        goal: "≥ 20000",
      },
      { what: `killed instance → serving again (p50 of ${KILLS})`, value: ms(quantile(back, 0.5)), goal: "≤ 1500 ms" },
      { what: "the same, slowest", value: ms(Math.max(...back)) },
    ];
  } finally {
    await server.close();
  }
}

async function underLoad(server: TestServer, work: () => Promise<void>): Promise<LoadReport> {
  const load = startLoad(server.port, "load.localhost", { clients: 8, pauseMs: 2 });
  await work();
  return load.end();
}

function lostRow(what: string, { sent, lost, slowestMs }: LoadReport): Row {
  const count = Object.values(lost).reduce((sum, n) => sum + n, 0);
  const which = count === 0 ? "" : ` ${JSON.stringify(lost)}`;
  return {
    what: `requests lost in ${what}`,
    value: `${count} of ${sent}, slowest ${ms(slowestMs)}${which}`,
    goal: "0",
  };
}

async function reload(server: TestServer): Promise<void> {
  const workers = await server.workerPids();
  await server.api({ method: "POST", path: "/api/system/reload" });
  await eventually(async () => {
    const now = await server.workerPids();
    assert.ok(workers.every((pid) => !now.includes(pid)));
  }, 60_000);
}

async function killControl(server: TestServer): Promise<void> {
  const pid = await server.controlPid();
  process.kill(pid, "SIGKILL");
  assert.equal((await ask(server.url, { path: "/healthz" })).status, 200);
}

async function killsOfAnInstance(server: TestServer): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < KILLS; n += 1) {
    const [container] = await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-load-`] } });
    const startedAt = performance.now();
    await server.engine.getContainer(container?.Id ?? "").kill();
    // It waits in the gateway until the instance is back.
    assert.equal((await server.call("load")).status, 200);
    times.push(performance.now() - startedAt);
    await wait(500);
  }
  return times;
}
