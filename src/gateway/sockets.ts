/** What a worker has to know of node:cluster: how to outlive the holder that started it. */

import cluster from "node:cluster";

/**
 * Keeps this worker serving when its holder dies: cluster ends a worker whose primary is gone unless it takes the
 * parting for a planned one. Without effect outside a cluster.
 */
export function outliveHolder(): void {
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
}
