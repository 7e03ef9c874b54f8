/** Zip uploaded → first 200 from the function: a changed source, and an unchanged one. */

import { setTimeout as wait } from "node:timers/promises";
import { zipOf } from "../test/archives.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { upload } from "../test/e2e/uploads.ts";
import { ms, quantile, type Row } from "./table.ts";

const RUNS = 10;
const POLL_MS = 5;

export async function benchDeploy(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    await timeToAnswer(server, "warm up");
    const changed: number[] = [];
    for (let n = 0; n < RUNS; n += 1) changed.push(await timeToAnswer(server, `version ${n}`));
    const unchanged: number[] = [];
    for (let n = 0; n < RUNS; n += 1) unchanged.push(await timeToAnswer(server, `version ${RUNS - 1}`));
    return [
      {
        what: `zip uploaded → first 200 of the new version (node runtime, warm, p50 of ${RUNS})`,
        value: ms(quantile(changed, 0.5)),
        goal: "≤ 1200 ms",
      },
      { what: "the same, slowest", value: ms(Math.max(...changed)) },
      { what: `unchanged source (p50 of ${RUNS})`, value: ms(quantile(unchanged, 0.5)), goal: "≤ 400 ms" },
    ];
  } finally {
    await server.close();
  }
}

async function timeToAnswer(server: TestServer, text: string): Promise<number> {
  const zip = zipOf({ "index.js": `module.exports = () => ${JSON.stringify(text)};\n` });
  const startedAt = performance.now();
  const answer = await upload(server, { name: "bench", runtime: "node", port: 28_301, zip });
  if (answer.status !== 200) throw new Error(answer.text);
  for (;;) {
    const { status, text: body } = await server.call("bench");
    if (status === 200 && body === text) return performance.now() - startedAt;
    if (performance.now() - startedAt > 60_000) throw new Error(`not there after a minute: ${status} ${body}`);
    await wait(POLL_MS);
  }
}
