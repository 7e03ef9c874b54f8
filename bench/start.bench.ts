/** Server start → ready with 100 stored functions, and what control holds then. */

import { join } from "node:path";
import { newId } from "../src/lib/ids.ts";
import { SqliteDatabase } from "../src/store/sqlite-database.ts";
import { sampleService } from "../test/contract/database/sample-records.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { mib, pssBytes } from "./process-cost.ts";
import { ms, quantile, type Row } from "./table.ts";

const SERVICES = 100;
const RUNS = 5;

export async function benchStart(): Promise<readonly Row[]> {
  const server = await TestServer.start();
  try {
    await server.stop();
    await addServices(join(server.dataDir, "slipway.db"));
    const times: number[] = [];
    for (let n = 0; n < RUNS; n += 1) {
      const startedAt = performance.now();
      await server.run();
      times.push(performance.now() - startedAt);
      if (n < RUNS - 1) await server.stop();
    }
    return [
      {
        what: `start → ready with ${SERVICES} stored functions (p50 of ${RUNS})`,
        value: ms(quantile(times, 0.5)),
        goal: "≤ 2000 ms",
      },
      {
        what: `PSS of control with ${SERVICES} functions`,
        value: mib(await pssBytes(await server.controlPid())),
        goal: "≤ 120 MiB",
      },
    ];
  } finally {
    await server.close();
  }
}

/** Stopped ones: what is measured is the platform, not a hundred containers. */
async function addServices(path: string): Promise<void> {
  const database = await SqliteDatabase.open(path);
  const project = await database.projects.findBySlug("default");
  if (project === undefined) throw new Error("there is no project default");
  for (let n = 0; n < SERVICES; n += 1) {
    await database.services.create({
      ...sampleService(newId(), project.id),
      name: `fn-${n}`,
      routeName: `fn-${n}`,
      desired: "stopped",
      localPort: null,
      tag: null,
    });
  }
  await database.close();
}
