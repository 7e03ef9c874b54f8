/** The 127.0.0.1 ports of uploads: opened and closed as tables say. A port somebody else has is a problem, not an end. */

import { type DrainLimits, GatewayServer } from "./gateway-server.ts";
import type { RequestRouter } from "./request-router.ts";
import { mayListen } from "./sockets.ts";

/** How often a port that could not be had is tried again, in milliseconds. */
const RETRY_MS = 2_000;
const DRAIN_LIMIT_MS = 30_000;

export type LocalPortReport = (port: number, problem: string | null) => void;

export class LocalPorts {
  readonly #router: RequestRouter;
  readonly #report: LocalPortReport;
  readonly #open = new Map<number, GatewayServer>();
  #wanted: ReadonlySet<number> = new Set();
  #retry: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** @param report told when a port could not be had (why), and when it could after all (null) */
  constructor(router: RequestRouter, report: LocalPortReport) {
    this.#router = router;
    this.#report = report;
  }

  /** Resolves once each of them is listened on or has been reported. */
  apply(ports: Iterable<number>): Promise<void> {
    this.#wanted = new Set(ports);
    this.#work = this.#work.then(() => this.#reconcile());
    return this.#work;
  }

  /** Stops listening; what is under way goes on. Resolves when it has ended. */
  async drain(limits: DrainLimits): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#work;
    await Promise.all([...this.#open.values()].map((server) => server.drain(limits)));
  }

  async #reconcile(): Promise<void> {
    clearTimeout(this.#retry);
    for (const [port, server] of this.#open) {
      if (this.#wanted.has(port)) continue;
      this.#open.delete(port);
      void server.drain({ limitMs: DRAIN_LIMIT_MS });
    }
    if (this.#isClosed) return;
    const missing = [...this.#wanted].filter((port) => !this.#open.has(port));
    const results = await Promise.all(missing.map((port) => this.#listen(port)));
    if (results.includes(false)) this.#retry = setTimeout(() => void this.apply(this.#wanted), RETRY_MS);
  }

  async #listen(port: number): Promise<boolean> {
    const address = { host: "127.0.0.1", port };
    if (!(await mayListen(address))) {
      this.#report(port, "EADDRINUSE");
      return false;
    }
    const server = new GatewayServer(this.#router, port);
    try {
      await server.listen(address);
    } catch (error) {
      this.#report(port, (error as NodeJS.ErrnoException).code ?? "unknown");
      return false;
    }
    this.#open.set(port, server);
    this.#report(port, null);
    return true;
  }
}
