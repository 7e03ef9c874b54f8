/** The live canvas: 50 people who each drag a node 20 times a second, beside a hub that only passes messages on. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { WebSocket } from "ws";
import { TestServer } from "../test/e2e/test-server.ts";
import { TestCanvasClient } from "../test/support/canvas-client.ts";
import { cpuMicros, mib, pssBytes } from "./process-cost.ts";
import { ms, quantile, type Row } from "./table.ts";

const CLIENTS = 50;
const EVERY_MS = 50;
const SECONDS = 10;

export async function benchCanvas(): Promise<readonly Row[]> {
  return [...(await benchSlipway()), ...(await benchBareHub())];
}

async function benchSlipway(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    const token = await server.passkey();
    const clients: TestCanvasClient[] = [];
    const nodeIds: string[] = [];
    for (let i = 0; i < CLIENTS; i += 1) {
      const client = await TestCanvasClient.join(server.url, "default", token);
      client.say("node:upsert", { type: "note", label: `${i}`, position_x: 0, position_y: 0 });
      nodeIds.push((await client.next<{ id: string }>("node:upserted")).id);
      clients.push(client);
    }
    const control = await server.controlPid();
    const pids = [control, ...(await server.workerPids())];
    const before = { pss: await pssBytes(control), cpu: await cpuMicros(pids) };
    const sockets = clients.map(({ ws }) => ws);
    const delays = await drag(sockets, (i, x) => moveOf(nodeIds[i] ?? "", x));
    const spent = (await cpuMicros(pids)) - before.cpu;
    const pss = await pssBytes(control);
    for (const ws of sockets) ws.terminate();
    return [
      ...rowsOf("slipway", delays),
      {
        what: "slipway: CPU of control and workers",
        value: `${((spent / SECONDS / 1e6) * 100).toFixed(0)} % of a core`,
      },
      { what: "slipway: memory of control before → after", value: `${mib(before.pss)} → ${mib(pss)}` },
    ];
  } finally {
    await server.close();
  }
}

async function benchBareHub(): Promise<readonly Row[]> {
  const hub = fork(join(import.meta.dirname, "canvas-bare-hub.ts"));
  try {
    const [port] = (await once(hub, "message")) as [number];
    const sockets = Array.from({ length: CLIENTS }, () => new WebSocket(`ws://127.0.0.1:${port}`));
    await Promise.all(sockets.map((ws) => once(ws, "open")));
    const pids = [hub.pid ?? 0];
    const before = await cpuMicros(pids);
    const delays = await drag(sockets, (i, x) => moveOf(`node-${i}`, x));
    const spent = (await cpuMicros(pids)) - before;
    for (const ws of sockets) ws.terminate();
    return [
      ...rowsOf("bare hub", delays),
      { what: "bare hub: CPU", value: `${((spent / SECONDS / 1e6) * 100).toFixed(0)} % of a core` },
    ];
  } finally {
    hub.kill();
  }
}

function moveOf(id: string, x: number): string {
  return JSON.stringify({ type: "node:move", payload: { positions: [{ id, x, y: 0 }] } });
}

type Dragged = {
  /** How long each message took to each of the others, in milliseconds. */
  readonly delays: readonly number[];
  /** How many should have come. */
  readonly wanted: number;
};

/** All drag at once; `x` is when it was sent. */
async function drag(sockets: readonly WebSocket[], message: (index: number, x: number) => string): Promise<Dragged> {
  const delays: number[] = [];
  for (const ws of sockets) {
    ws.removeAllListeners("message");
    ws.on("message", (data: Buffer) => {
      const now = performance.now();
      for (const [, x] of data.toString().matchAll(/"x":([0-9.]+)/g)) delays.push(now - Number(x));
    });
  }
  const timers: NodeJS.Timeout[] = [];
  let sent = 0;
  for (const [i, ws] of sockets.entries()) {
    // Spread over the interval, as people are.
    const start = setTimeout(
      () => {
        const move = (): void => {
          sent += 1;
          ws.send(message(i, performance.now()));
        };
        timers.push(setInterval(move, EVERY_MS));
      },
      (i * EVERY_MS) / sockets.length,
    );
    timers.push(start);
  }
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  for (const timer of timers) clearTimeout(timer);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return { delays, wanted: sent * (sockets.length - 1) };
}

function rowsOf(who: string, { delays, wanted }: Dragged): readonly Row[] {
  return [
    {
      what: `${who}: delivered, ${CLIENTS} × ${1000 / EVERY_MS} moves/s to all others`,
      value: `${delays.length} of ${wanted}`,
    },
    { what: `${who}: delivery p50 / p99`, value: `${ms(quantile(delays, 0.5))} / ${ms(quantile(delays, 0.99))}` },
  ];
}
