/**
 * A second process that keeps asking, half its clients over kept connections and half with a connection for each
 * request, until its standard input ends. Then it prints what it saw as one line of JSON. It is its own program, so
 * that what it measures is not disturbed by the test that starts it.
 *
 * Arguments: port, host header, clients, pause in ms between a client's requests.
 */

import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

export type LoadReport = {
  readonly sent: number;
  /** Answers other than 200 and requests without an answer, by what they were, e.g. `503` or `ECONNRESET`. */
  readonly lost: Readonly<Record<string, number>>;
  /** Bodies seen, by text, with how often. */
  readonly bodies: Readonly<Record<string, number>>;
  /** Longest time from a request to its whole answer, in milliseconds. */
  readonly slowestMs: number;
};

const LIMIT_MS = 60_000;
const [port, host, clients, pauseMs] = process.argv.slice(2);
const report = { sent: 0, lost: {} as Record<string, number>, bodies: {} as Record<string, number>, slowestMs: 0 };
let isOver = false;

function once(agent: Agent | false): Promise<void> {
  const startedAt = performance.now();
  report.sent += 1;
  return new Promise((resolve) => {
    const lose = (why: string): void => {
      report.lost[why] = (report.lost[why] ?? 0) + 1;
      resolve();
    };
    const sent = request(
      { host: "127.0.0.1", port: Number(port), headers: { host }, agent, signal: AbortSignal.timeout(LIMIT_MS) },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on("error", (error: NodeJS.ErrnoException) => lose(error.code ?? error.message));
        response.on("end", () => {
          report.slowestMs = Math.max(report.slowestMs, performance.now() - startedAt);
          if (response.statusCode !== 200) {
            lose(`${response.statusCode} ${body.slice(0, 100)}`);
            return;
          }
          report.bodies[body] = (report.bodies[body] ?? 0) + 1;
          resolve();
        });
      },
    );
    sent.on("error", (error: NodeJS.ErrnoException) => lose(error.code ?? error.message));
    sent.end();
  });
}

async function client(index: number): Promise<void> {
  const agent = index % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  while (!isOver) {
    await once(agent);
    await wait(Number(pauseMs));
  }
  if (agent !== false) agent.destroy();
}

process.stdin.on("end", () => {
  isOver = true;
});
process.stdin.resume();
await Promise.all(Array.from({ length: Number(clients) }, (_, i) => client(i)));
process.stdout.write(`${JSON.stringify(report)}\n`);
