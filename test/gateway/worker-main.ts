/** A gateway worker as a process of its own, for tests and measurements. */

import { LineLogger } from "../../src/gateway/line-logger.ts";
import { runWorker } from "../../src/gateway/worker.ts";
import { readWorkerEnv } from "../../src/gateway/worker-env.ts";

const { user: _user, ...settings } = readWorkerEnv(process.env);
await runWorker({ ...settings, version: process.env.TEST_WORKER_VERSION ?? "test", logger: new LineLogger() });
process.exit();
