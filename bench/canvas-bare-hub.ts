/** The least a canvas could do: passes every message on to all other clients, and nothing else. Prints its port. */

import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (from) => {
  from.on("message", (data) => {
    for (const to of server.clients) if (to !== from) to.send(data, { binary: false });
  });
});
server.on("listening", () => process.send?.((server.address() as AddressInfo).port));
