/** Exits 0 when a Docker engine answers on its socket. */

import { request } from "node:http";

const socketPath = process.env.SLIPWAY_DOCKER_SOCKET ?? "/var/run/docker.sock";
const ping = request({ socketPath, path: "/_ping", timeout: 3000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
ping.on("timeout", () => process.exit(1));
ping.on("error", () => process.exit(1));
ping.end();
