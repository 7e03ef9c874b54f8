/** A gateway worker: started by the holder, outlives it. */

import { LineLogger } from "../gateway/line-logger.ts";
import { runWorker } from "../gateway/worker.ts";
import { readWorkerEnv } from "../gateway/worker-env.ts";

await runWorker({ ...readWorkerEnv(process.env), logger: new LineLogger() });
process.exit();
