/** A gateway worker as a process of its own, for tests and measurements. */

import { LineLogger } from "../../src/gateway/line-logger.ts";
import { runWorker } from "../../src/gateway/worker.ts";
import { readWorkerEnv } from "../../src/gateway/worker-env.ts";

await runWorker({ ...readWorkerEnv(process.env), logger: new LineLogger() });
process.exit();
