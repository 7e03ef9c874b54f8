/**
 * What a worker listens on beside the public address: 127.0.0.1 ports of uploads, and the host's addresses on the
 * networks of instances. Opened and closed as they are wanted; one that can't be had is a problem, not an end.
 */

import { createSocket } from "node:dgram";
import { type DrainLimits, GatewayServer } from "./gateway-server.ts";
import type { RequestRouter } from "./request-router.ts";
import { hasLostHolder, mayListen } from "./sockets.ts";

/** How often an address that could not be had is tried again, in milliseconds. */
const RETRY_MS = 2_000;
const DRAIN_LIMIT_MS = 30_000;

export type ExtraAddress = {
  readonly host: string;
  readonly port: number;
  /** It is a service's own: its port on 127.0.0.1. Else what comes in is routed as on the public address. */
  readonly isLocalPort: boolean;
};

/** `problem`: the system's code, at each try; null once it could be had. */
export type ExtraReport = (address: ExtraAddress, problem: string | null) => void;

export class ExtraListeners {
  readonly #router: RequestRouter;
  readonly #report: ExtraReport;
  readonly #open = new Map<string, GatewayServer>();
  #wanted: ReadonlyMap<string, ExtraAddress> = new Map();
  #retry: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(router: RequestRouter, report: ExtraReport) {
    this.#router = router;
    this.#report = report;
  }

  /** Resolves once each of them is listened on or has been reported. Those that could not be had are tried again. */
  apply(addresses: Iterable<ExtraAddress>): Promise<void> {
    this.#wanted = new Map([...addresses].map((address) => [`${address.host}:${address.port}`, address]));
    return this.#reconcileNext();
  }

  /** Stops listening; what is under way goes on. Resolves when it has ended. */
  async drain(limits: DrainLimits): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#work;
    await Promise.all([...this.#open.values()].map((server) => server.drain(limits)));
  }

  #reconcileNext(): Promise<void> {
    this.#work = this.#work.then(() => this.#reconcile());
    return this.#work;
  }

  async #reconcile(): Promise<void> {
    clearTimeout(this.#retry);
    for (const [key, server] of this.#open) {
      if (this.#wanted.has(key)) continue;
      this.#open.delete(key);
      void server.drain({ limitMs: DRAIN_LIMIT_MS });
    }
    if (this.#isClosed || hasLostHolder()) return;
    const missing = [...this.#wanted].filter(([key]) => !this.#open.has(key));
    const results = await Promise.all(missing.map(([key, address]) => this.#listen(key, address)));
    if (results.includes(false) && !this.#isClosed)
      this.#retry = setTimeout(() => void this.#reconcileNext(), RETRY_MS);
  }

  async #listen(key: string, address: ExtraAddress): Promise<boolean> {
    const problem = await whyNot(address);
    if (problem !== null) {
      this.#report(address, problem);
      return false;
    }
    const { host, port, isLocalPort } = address;
    const server = new GatewayServer(this.#router, isLocalPort ? port : undefined);
    try {
      await server.listen({ host, port });
    } catch (error) {
      this.#report(address, (error as NodeJS.ErrnoException).code ?? "unknown");
      return false;
    }
    this.#open.set(key, server);
    this.#report(address, null);
    return true;
  }
}

/**
 * Found out before the try, which must not fail in a cluster: workers whose number of tries differs can't share a
 * socket (its key counts them), besides what address-guard.ts says.
 */
async function whyNot({ host, port }: ExtraAddress): Promise<string | null> {
  if (!(await isOwnAddress(host))) return "EADDRNOTAVAIL";
  return (await mayListen({ host, port })) ? null : "EADDRINUSE";
}

/** Told by a socket of this process alone. The list of interfaces leaves out a bridge that nobody is connected to. */
function isOwnAddress(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code !== "EADDRNOTAVAIL");
    });
    socket.bind({ address: host, port: 0, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
