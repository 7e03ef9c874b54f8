/**
 * A gateway worker: serves with the table it has, takes new ones from control, and outlives both control and holder.
 * It listens once it has a table, never before: without one it could only answer what is wrong.
 */

import { join } from "node:path";
import type { Logger } from "../domain/logger.ts";
import { createHeapTrimmer } from "../lib/heap-trimmer.ts";
import { ControlProxy } from "./control-proxy.ts";
import { Counters } from "./counters.ts";
import { Credentials } from "./credentials.ts";
import { type ExtraAddress, ExtraListeners } from "./extra-listeners.ts";
import { GatewayServer, type ListenAddress } from "./gateway-server.ts";
import { insideAddresses } from "./inside-addresses.ts";
import { formatListenAddress } from "./listen-address.ts";
import type { HolderToWorker, LinkMessage } from "./messages.ts";
import { Peers } from "./peers.ts";
import { PlainForwarder } from "./plain-forwarder.ts";
import { RequestRouter } from "./request-router.ts";
import { RoutingState } from "./routing-state.ts";
import { mayListen, outliveHolder } from "./sockets.ts";
import { UndiciForwarder } from "./undici-forwarder.ts";
import { WorkerLink } from "./worker-link.ts";

export type WorkerOptions = {
  /** Holds `gateway.sock` (tables, counts) and `control.sock` (the API, plain HTTP). */
  readonly dataDir: string;
  readonly address: ListenAddress;
  /** Of the holder that started it; tells workers of a past holder from those of the present one. */
  readonly holderId: string;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  /** Of this program: an upgrade is done when the workers that serve are of the new one. */
  readonly version: string;
  readonly logger: Logger;
};

/** How often counts go to control, in milliseconds. */
const COUNTS_MS = 1_000;
/** How often an address somebody else has is tried again, in milliseconds. */
const LISTEN_RETRY_MS = 5;
/** How often control is told that it still is not to be had, in milliseconds. */
const IN_USE_REPORT_MS = 250;
/** Longest time requests, idle connections and tunnels may take to end on a drain, in milliseconds. */
export const DRAIN_LIMIT_MS = 30_000;
/** When the server stops for good nobody answers afterwards: idle connections end after this time, in milliseconds. */
const FINAL_IDLE_MS = 100;
/** … and WebSockets after this one. */
const FINAL_TUNNELS_MS = 5_000;

/** Runs until told to drain; resolves when that is done. The caller then exits the process. */
export function runWorker(options: WorkerOptions): Promise<void> {
  return new Worker(options).run();
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #routing = new RoutingState();
  readonly #counters = new Counters();
  readonly #credentials = new Credentials();
  readonly #router: RequestRouter;
  readonly #server: GatewayServer;
  readonly #localPorts: ExtraListeners;
  readonly #inside: ExtraListeners;
  /** Never given back while this worker lives: the holder does not learn of it, and would hand out a socket nobody has. */
  readonly #insideHosts = new Set<string>();
  readonly #link: WorkerLink;
  /** The public address once it is listened on, with the port that was bound. */
  #bound: ListenAddress | undefined;
  #hasTable = false;
  #drain: ((isFinal: boolean) => void) | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#router = new RequestRouter({
      routing: this.#routing,
      control: new ControlProxy(join(options.dataDir, "control.sock")),
      forwarder: new UndiciForwarder(),
      unusualForwarder: new PlainForwarder(),
      peers: new Peers(options.trustedProxies),
      credentials: this.#credentials,
      counters: this.#counters,
      logger: options.logger,
    });
    this.#server = new GatewayServer(this.#router, undefined);
    this.#localPorts = new ExtraListeners(this.#router, ({ port }, problem) =>
      this.#link.send({ type: "local_port", port, problem }),
    );
    this.#inside = new ExtraListeners(this.#router, ({ host, port }, problem) =>
      this.#link.send({ type: "inside_address", host, port, problem }),
    );
    this.#link = new WorkerLink({
      socketPath: join(options.dataDir, "gateway.sock"),
      hello: () => ({
        ...{ type: "hello", pid: process.pid, holderId: options.holderId },
        serves: this.#bound === undefined ? undefined : options.version,
      }),
      onMessage: (message) => void this.#take(message).catch((error: unknown) => this.#fail(error)),
    });
  }

  async run(): Promise<void> {
    outliveHolder();
    const draining = new Promise<boolean>((resolve) => {
      this.#drain = resolve;
    });
    // A terminal's Ctrl-C reaches the whole process group; when to end is the holder's to say.
    process.on("SIGINT", () => {});
    process.on("SIGHUP", () => {});
    process.on("SIGTERM", () => this.#drain?.(true));
    process.on("message", (message: HolderToWorker) => {
      if (message.type === "drain") this.#drain?.(message.isFinal);
    });
    const trimmer = createHeapTrimmer();
    const counting = setInterval(() => {
      this.#sendCounts();
      trimmer.look(COUNTS_MS);
    }, COUNTS_MS);
    const isFinal = await draining;
    this.#router.isDraining = true;
    const final = isFinal ? { idleMs: FINAL_IDLE_MS, tunnelsMs: FINAL_TUNNELS_MS } : {};
    const limits = { limitMs: DRAIN_LIMIT_MS, ...final };
    await Promise.all([
      this.#bound === undefined ? undefined : this.#server.drain(limits),
      this.#localPorts.drain(limits),
      this.#inside.drain(limits),
    ]);
    clearInterval(counting);
    this.#sendCounts();
    this.#link.close();
  }

  async #take(message: LinkMessage): Promise<void> {
    switch (message.type) {
      case "table":
        this.#credentials.setPasskeyHash(message.passkeyHash);
        this.#routing.apply(message.table);
        if (!this.#router.isDraining) await this.#localPorts.apply(localPorts(this.#routing.table.localPorts.keys()));
        this.#link.send({ type: "ack", version: message.version });
        if (!this.#hasTable) {
          this.#hasTable = true;
          await this.#listen();
        }
        for (const host of message.table.insideAddresses) this.#insideHosts.add(host);
        await this.#listenInside();
        return;
      case "drain": {
        const isDrained = await this.#routing.upstreams.drained(message.slot, message.timeoutMs);
        this.#link.send({ type: "drained", id: message.id, isDrained });
        return;
      }
      case "retire":
        this.#drain?.(false);
    }
  }

  /** Waits until the address is free: a past holder's workers may still have it. */
  async #listen(): Promise<void> {
    const { address } = this.#options;
    for (let reportAt = 0; !(await mayListen(address)); ) {
      if (this.#router.isDraining) return;
      if (performance.now() >= reportAt) {
        this.#link.send({ type: "address_in_use", address: formatListenAddress(address) });
        reportAt = performance.now() + IN_USE_REPORT_MS;
      }
      await new Promise((resolve) => setTimeout(resolve, LISTEN_RETRY_MS));
    }
    if (this.#router.isDraining) return;
    const port = await this.#server.listen(address);
    this.#bound = { ...address, port };
    this.#link.send({ type: "serves", version: this.#options.version });
    if (process.connected) process.send?.({ type: "listening", port });
  }

  /** After the public address, whose port it shares. */
  async #listenInside(): Promise<void> {
    if (this.#bound === undefined || this.#router.isDraining) return;
    await this.#inside.apply(insideAddresses(this.#insideHosts, this.#bound));
  }

  #sendCounts(): void {
    if (!this.#link.isConnected) return;
    const counts = this.#counters.collect();
    if (counts.length > 0) this.#link.send({ type: "counts", counts });
  }

  /** Nothing sensible is left to do; the holder starts another worker. */
  #fail(error: unknown): void {
    this.#options.logger.error({ err: error }, "the gateway worker failed");
    process.exitCode = 1;
    this.#drain?.(true);
  }
}

function* localPorts(ports: Iterable<number>): Iterable<ExtraAddress> {
  for (const port of ports) yield { host: "127.0.0.1", port, isLocalPort: true };
}
