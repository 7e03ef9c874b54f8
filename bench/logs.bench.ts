/** Logs over SSE: one instance that prints 10,000 lines a second, five readers through the gateway, beside the engine's own stream. */

import { type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { TestServer } from "../test/e2e/test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "../test/e2e/uploads.ts";
import { cpuMicros, mib, pssBytes } from "./process-cost.ts";
import type { Row } from "./table.ts";

const LINES_PER_SECOND = 10_000;
const SECONDS = 30;
const READERS = 5;
const LOOK_MS = 500;
/** Nothing came for so long after the last line was printed: it is over. */
const QUIET_MS = 5_000;

/** Prints for so many seconds from the first request on, and answers at once. */
const PRINTER = appFiles(`
  response.end("begun");
  const startedAt = Date.now();
  let printed = 0;
  const timer = setInterval(() => {
    const wanted = Math.min(${LINES_PER_SECOND * SECONDS}, Math.floor((Date.now() - startedAt) * ${LINES_PER_SECOND / 1000}));
    let text = "";
    for (; printed < wanted; printed += 1) text += "line " + printed + " " + "x".repeat(80) + "\\n";
    process.stdout.write(text);
    if (printed === ${LINES_PER_SECOND * SECONDS}) clearInterval(timer);
  }, 10);`);

export async function benchLogs(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    await addTinyRuntime(server);
    await deploy(server, { name: "printer", files: PRINTER });
    const token = await server.passkey();
    const readers = await Promise.all(Array.from({ length: READERS }, () => follow(server.url, token)));
    const engine = await followEngine(server);
    const control = await server.controlPid();
    const pids = [control, ...(await server.workerPids())];
    const before = { pss: await pssBytes(control), cpu: await cpuMicros(pids) };
    const memory: number[] = [];
    const startedAt = performance.now();
    await server.call("printer");
    const total = LINES_PER_SECOND * SECONDS;
    const all = [...readers, engine];
    const isOver = (): boolean =>
      all.every(({ lines }) => lines >= total) ||
      performance.now() - Math.max(startedAt + SECONDS * 1000, ...all.map((r) => r.lastAt)) > QUIET_MS;
    while (!isOver()) {
      memory.push(await pssBytes(control));
      await wait(LOOK_MS);
    }
    const seconds = (Math.max(...all.map((r) => r.lastAt)) - startedAt) / 1000;
    const spent = (await cpuMicros(pids)) - before.cpu;
    for (const { stop } of [...readers, engine]) stop();
    const lag = (lastAt: number): string => `${(lastAt - engine.lastAt).toFixed(0)} ms`;
    return [
      {
        what: `lines delivered to each of ${READERS} readers`,
        value: `${readers.map((r) => r.lines).join(", ")} of ${total} in ${seconds.toFixed(1)} s`,
      },
      {
        // The engine rotates its files while they are followed, and skips or repeats some lines then.
        what: "lines of the engine's own stream",
        value: `${engine.lines} of ${total}`,
      },
      {
        what: "last line at the slowest reader, after the engine's own stream",
        value: lag(Math.max(...readers.map((r) => r.lastAt))),
      },
      { what: "CPU of control and workers", value: `${((spent / seconds / 1e6) * 100).toFixed(0)} % of a core` },
      { what: "memory of control before, most in each third", value: thirds(before.pss, memory), goal: "flat" },
    ];
  } finally {
    await server.close();
  }
}

function thirds(before: number, memory: readonly number[]): string {
  const third = Math.ceil(memory.length / 3);
  const most = [0, 1, 2].map((n) => Math.max(...memory.slice(n * third, (n + 1) * third)));
  return [before, ...most].map(mib).join(", ");
}

type Follower = { lines: number; lastAt: number; stop(): void };

async function follow(url: string, token: string): Promise<Follower> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = "/api/projects/default/services/printer/logs?tail=0";
    request(`${url}${path}`, { headers: { authorization: token }, agent: false }, resolve)
      .on("error", reject)
      .end();
  });
  return counting(answer, '"line":"line ');
}

/** What `docker logs -f` reads. */
async function followEngine(server: TestServer): Promise<Follower> {
  const name = `${server.prefix}-default-printer-`;
  const found = (await server.engine.listContainers()).find(({ Names }) => Names.some((n) => n.startsWith(`/${name}`)));
  const container = server.engine.getContainer(found?.Id ?? "");
  return counting((await container.logs({ follow: true, stdout: true, stderr: true, tail: 0 })) as never, "line ");
}

function counting(stream: NodeJS.ReadableStream & { destroy(): void }, word: string): Follower {
  const follower = { lines: 0, lastAt: 0, stop: () => stream.destroy() };
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    const whole = text.lastIndexOf("\n") + 1;
    follower.lines += text.slice(0, whole).split(word).length - 1;
    follower.lastAt = performance.now();
    rest = text.slice(whole);
  });
  stream.on("error", () => undefined);
  return follower;
}
