/** TCP ports that nobody listens on. */

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

/** Whether that port of 127.0.0.1 could be listened on a moment ago. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
