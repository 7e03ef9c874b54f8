/** A gateway worker: started by the holder, outlives it. Gives root up first, if it is told to. */

import { LineLogger } from "../gateway/line-logger.ts";
import { runWorker } from "../gateway/worker.ts";
import { readWorkerEnv } from "../gateway/worker-env.ts";
import { becomeUser } from "../gateway/worker-user.ts";
import { VERSION } from "./version.ts";

const { user, ...settings } = readWorkerEnv(process.env);
if (user !== undefined) becomeUser(user);
await runWorker({ ...settings, version: VERSION, logger: new LineLogger() });
process.exit();
