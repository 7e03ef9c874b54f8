/** Keeps one control process running: starts it, and starts it again when it ends without having been told to. */

import type { Logger } from "../domain/logger.ts";
import type { forkModule } from "../lib/run.ts";
import type { ControlToHolder, HolderToControl } from "./messages.ts";

type ChildProcess = ReturnType<typeof forkModule>;

/** Waits before the next start while control keeps dying young, in milliseconds; the last one stays. */
const BACKOFF_MS = [0, 200, 500, 1_000, 2_000];
/** From this age on a death counts as the first again, in milliseconds. */
const GROWN_UP_MS = 10_000;
/** How long control may take to stop before it is killed, in milliseconds. */
const STOP_LIMIT_MS = 30_000;

export type ControlSupervisorOptions = {
  readonly fork: () => ChildProcess;
  /** Called with each new process, before anything comes from it. */
  readonly onStart: () => void;
  readonly onMessage: (message: ControlToHolder) => void;
  /** It ended before it was ever ready: starting it again would end the same way. */
  readonly onHopeless: (exitCode: number) => void;
  readonly logger: Logger;
};

export class ControlSupervisor {
  readonly #options: ControlSupervisorOptions;
  #child: ChildProcess | undefined;
  #wasEverReady = false;
  #youngDeaths = 0;
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;
  #onReady: (() => void)[] = [];

  constructor(options: ControlSupervisorOptions) {
    this.#options = options;
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#isStopping = false;
    const startedAt = performance.now();
    const child = this.#options.fork();
    this.#child = child;
    child.on("message", (message: ControlToHolder) => {
      if (message.type === "ready") {
        this.#wasEverReady = true;
        for (const resolve of this.#onReady.splice(0)) resolve();
      }
      this.#options.onMessage(message);
    });
    child.on("error", (error) => this.#options.logger.error({ err: error }, "the control process had an error"));
    child.once("exit", (code, signal) => this.#ended(code, signal, performance.now() - startedAt));
    this.#options.onStart();
  }

  send(message: HolderToControl): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  /** Resolves at the next `ready`. */
  ready(): Promise<void> {
    return new Promise((resolve) => this.#onReady.push(resolve));
  }

  /** Tells it to end, kills it when it does not, resolves when it has. */
  stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      child.once("exit", () => {
        clearTimeout(limit);
        resolve();
      });
      this.send({ type: "stop" });
    });
  }

  kill(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill("SIGKILL");
  }

  #ended(code: number | null, signal: string | null, ageMs: number): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    if (!this.#wasEverReady && code !== null) {
      this.#options.onHopeless(code);
      return;
    }
    this.#youngDeaths = ageMs >= GROWN_UP_MS ? 0 : this.#youngDeaths;
    const delayMs = BACKOFF_MS[Math.min(this.#youngDeaths, BACKOFF_MS.length - 1)] ?? 0;
    this.#youngDeaths += 1;
    this.#options.logger.warn({ code, signal, delayMs }, "the control process ended and is started again");
    this.#timer = setTimeout(() => this.start(), delayMs);
  }
}
