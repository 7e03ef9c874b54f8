/** A TCP port that nobody listens on. */

import { once } from "node:events";
import { createServer } from "node:net";

/** On 127.0.0.1. Somebody may take it before its finder does: be ready to ask again. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}
