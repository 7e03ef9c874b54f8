/**
 * Looks at instances from outside: does a port accept a connection, does the health check answer. It only reports; what
 * follows from a look is decided by planReconcile.
 */

import { request } from "node:http";
import { connect } from "node:net";
import type { Clock } from "../domain/clock.ts";
import type { Deployment } from "../domain/deployment.ts";
import type { Look } from "../domain/reconcile.ts";

export type ProbeTarget = {
  readonly runtimeId: string;
  readonly address: string;
  readonly startedAt: number;
  readonly deployment: Pick<Deployment, "listenPorts" | "health">;
};

export type ProberOptions = {
  readonly clock: Clock;
  /** Called when a look differs in kind from the one before: became well, went bad, bad often enough to act on. */
  readonly onChange: (runtimeId: string) => void;
};

/** A service without a port is ready after this long of running, in milliseconds (design 8.2). */
const PORTLESS_READY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 1_000;

type Watch = { readonly target: ProbeTarget; look: Look | undefined; cancel: () => void };

export class Prober {
  readonly #options: ProberOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Starts looking; a second call for the same instance changes nothing. */
  watch(target: ProbeTarget): void {
    if (this.#watches.has(target.runtimeId)) return;
    const watch: Watch = { target, look: undefined, cancel: () => undefined };
    this.#watches.set(target.runtimeId, watch);
    this.#lookAfter(watch, 0);
  }

  /** Idempotent. */
  forget(runtimeId: string): void {
    this.#watches.get(runtimeId)?.cancel();
    this.#watches.delete(runtimeId);
  }

  looks(): ReadonlyMap<string, Look> {
    const looks = new Map<string, Look>();
    for (const [id, watch] of this.#watches) if (watch.look !== undefined) looks.set(id, watch.look);
    return looks;
  }

  close(): void {
    for (const id of [...this.#watches.keys()]) this.forget(id);
  }

  #lookAfter(watch: Watch, delayMs: number): void {
    watch.cancel = this.#options.clock.schedule(delayMs, () => {
      this.#look(watch).catch((error: unknown) => {
        throw error;
      });
    });
  }

  async #look(watch: Watch): Promise<void> {
    const { target } = watch;
    const port = await this.#findWell(target);
    if (this.#watches.get(target.runtimeId) !== watch) return;
    const before = watch.look;
    const isWell = port !== undefined;
    watch.look = { isWell, port: port ?? null, badInRow: isWell ? 0 : (before?.badInRow ?? 0) + 1 };
    if (before?.isWell !== isWell || watch.look.badInRow === 3) this.#options.onChange(target.runtimeId);
    const delay = this.#nextDelayMs(watch);
    if (delay !== null) this.#lookAfter(watch, delay);
  }

  /** The port that is well, null for a portless one that is, undefined when it is not. */
  async #findWell({ address, startedAt, deployment }: ProbeTarget): Promise<number | null | undefined> {
    if (deployment.listenPorts.length === 0) {
      return this.#options.clock.now() - startedAt >= PORTLESS_READY_MS ? null : undefined;
    }
    const open = await Promise.all(deployment.listenPorts.map((port) => acceptsConnection(address, port)));
    const port = deployment.listenPorts.find((_, i) => open[i]);
    if (port === undefined || deployment.health === null) return port;
    const { path, timeoutMs } = deployment.health;
    return (await answersWell(address, port, path, timeoutMs)) ? port : undefined;
  }

  /** Often while it starts, at the health check's interval later; without one, engine events say enough. */
  #nextDelayMs({ target, look }: Watch): number | null {
    const { health } = target.deployment;
    if (look?.isWell) return health?.intervalMs ?? null;
    const ageMs = this.#options.clock.now() - target.startedAt;
    if (ageMs < 5_000) return 20;
    if (ageMs < 20_000) return 200;
    return health === null ? 1000 : Math.min(health.intervalMs, 1000);
  }
}

function acceptsConnection(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

function answersWell(host: string, port: number, path: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host, port, path, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400);
    });
    sent.once("error", () => resolve(false));
    sent.end();
  });
}
