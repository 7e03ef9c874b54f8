/** What a worker has to know of node:cluster: how to outlive the holder that started it, and when it may listen. */

import cluster from "node:cluster";
import type { ListenAddress } from "./gateway-server.ts";
import type { HolderToWorker } from "./messages.ts";

/**
 * Keeps this worker serving when its holder dies: cluster ends a worker whose primary is gone unless it takes the
 * parting for a planned one. Without effect outside a cluster.
 */
export function outliveHolder(): void {
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
}

/** A worker whose holder is gone can open nothing more: a try to listen would never end. */
export function hasLostHolder(): boolean {
  return cluster.isWorker && !process.connected;
}

let asked = 0;

/**
 * Whether the address is free or shared by workers of the same holder. To be asked before each try to listen (see
 * address-guard.ts). Without a holder there is nobody to share with: then the try itself tells.
 */
export function mayListen(address: ListenAddress): Promise<boolean> {
  if (!process.connected) return Promise.resolve(true);
  asked += 1;
  const id = asked;
  return new Promise((resolve) => {
    const end = (isFree: boolean): void => {
      process.off("message", take);
      process.off("disconnect", giveUp);
      resolve(isFree);
    };
    const take = (message: HolderToWorker): void => {
      if (message.type === "may_listen" && message.id === id) end(message.isFree);
    };
    const giveUp = (): void => end(false);
    process.on("message", take);
    process.on("disconnect", giveUp);
    process.send?.({ type: "may_listen", id, host: address.host, port: address.port });
  });
}
