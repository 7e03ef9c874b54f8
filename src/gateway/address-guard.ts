/**
 * Tells workers whether an address is to be had, before they listen through cluster. There a try that finds it in use
 * must never happen: the primary keeps the socket that could not be bound and shares it with the next worker, and a
 * second try of the same worker ends the process (an assertion in node:internal/cluster/child).
 */

import { createServer } from "node:net";
import type { ListenAddress } from "./gateway-server.ts";

export class AddressGuard {
  /** Workers that listen, by `host:port` as it was asked for. */
  readonly #listening = new Map<string, Set<number>>();
  /** One try at a time: two would find each other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Free, or shared by workers of this holder already. */
  mayListen(address: ListenAddress): Promise<boolean> {
    const answer = this.#turn.then(async () => this.#isShared(address) || (await isFree(address)));
    this.#turn = answer;
    return answer;
  }

  /** A worker of this holder listens there. */
  listens(address: ListenAddress, workerId: number): void {
    const key = keyOf(address);
    const workers = this.#listening.get(key) ?? new Set();
    this.#listening.set(key, workers.add(workerId));
  }

  /** The worker has ended. */
  forget(workerId: number): void {
    for (const [key, workers] of this.#listening) {
      workers.delete(workerId);
      if (workers.size === 0) this.#listening.delete(key);
    }
  }

  #isShared(address: ListenAddress): boolean {
    return this.#listening.has(keyOf(address));
  }
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host ?? ""}:${port}`;
}

/** Listens for a moment. What is no "in use" (no such address, no right to it) is for the worker's own try to tell. */
function isFree({ host, port }: ListenAddress): Promise<boolean> {
  if (port === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ port, ...(host !== undefined && { host }) }, () => server.close(() => resolve(true)));
  });
}
