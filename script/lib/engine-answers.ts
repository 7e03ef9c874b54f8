/**
 * Exits 0 when a Docker engine answers on its socket, 3 when this user may not ask it, 4 when nobody listens there, and
 * 1 when somebody listens who does not answer as an engine does.
 */

import { request } from "node:http";

const EXIT_BY_ERROR: Readonly<Record<string, number>> = { EACCES: 3, ENOENT: 4, ECONNREFUSED: 4 };
/** An engine under load takes its time, in milliseconds. */
const LIMIT_MS = 30_000;

const socketPath = process.env.SLIPWAY_DOCKER_SOCKET ?? "/var/run/docker.sock";
const ping = request({ socketPath, path: "/_ping", signal: AbortSignal.timeout(LIMIT_MS) }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
ping.on("error", (error: NodeJS.ErrnoException) => process.exit(EXIT_BY_ERROR[error.code ?? ""] ?? 1));
ping.end();
