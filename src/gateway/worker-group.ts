/**
 * The workers of a holder: as many as wanted, each replaced when it dies, all of them replaced without a gap on a
 * reload. Knows nothing of cluster but the few members it uses.
 */

import type { Logger } from "../domain/logger.ts";
import type { ListenAddress } from "./gateway-server.ts";
import type { HolderToWorker, WorkerToHolder } from "./messages.ts";

/** The part of cluster's Worker that is used. */
export type WorkerProcess = {
  readonly process: { readonly pid?: number | undefined; kill(signal: "SIGKILL"): boolean };
  isConnected(): boolean;
  send(message: HolderToWorker): boolean;
  on(event: "message", listener: (message: WorkerToHolder) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "exit", listener: (code: number | null, signal: string | null) => void): unknown;
};

export type WorkerGroupOptions = {
  readonly count: number;
  readonly address: ListenAddress;
  readonly fork: (address: ListenAddress) => WorkerProcess;
  /** The list of living workers, by pid, has changed. */
  readonly onChange: (pids: readonly number[]) => void;
  /** All wanted workers listen; `address` has the port that was bound. Called each time that becomes true. */
  readonly onListening: (address: ListenAddress) => void;
  /** A worker asks whether it may listen somewhere, and waits for the answer. */
  readonly onMayListen: (worker: WorkerProcess, question: WorkerToHolder & { readonly type: "may_listen" }) => void;
  readonly logger: Logger;
};

type Member = { readonly worker: WorkerProcess; readonly startedAt: number; isListening: boolean; isLeaving: boolean };

/** A worker that dies younger than this is replaced after a wait, in milliseconds. */
const YOUNG_MS = 1_000;
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 5_000;
/** How long new workers may take to listen on a reload, in milliseconds. */
const LISTEN_LIMIT_MS = 20_000;
/** A leaving worker has its own limits; past this one it is killed, in milliseconds. */
const LEAVE_LIMIT_MS = 35_000;

export class WorkerGroup {
  readonly #options: WorkerGroupOptions;
  readonly #members = new Set<Member>();
  readonly #onChange = new Set<() => void>();
  /** What the workers alive were told to listen on: sharing a socket takes the same words, port 0 included. */
  #address: ListenAddress;
  #boundPort: number | undefined;
  #youngDeaths = 0;
  #isEnding = false;

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
    this.#address = options.address;
  }

  start(): void {
    for (let i = 0; i < this.#options.count; i += 1) this.#fork();
  }

  get pids(): readonly number[] {
    const pids = [...this.#members].map((member) => member.worker.process.pid ?? 0);
    return pids.filter((pid) => pid > 0).sort((a, b) => a - b);
  }

  /** New workers first; once they listen the old ones drain. False when the new ones did not; they are gone then. */
  async replaceAll(): Promise<boolean> {
    const old = [...this.#members].filter((member) => !member.isLeaving);
    const fresh = old.map(() => this.#fork());
    const areListening = () => fresh.every((member) => member.isListening);
    const hasFailed = () => fresh.some((member) => !this.#members.has(member));
    await this.#until(() => areListening() || hasFailed(), LISTEN_LIMIT_MS);
    const hasWorked = areListening() && !hasFailed();
    for (const member of hasWorked ? old : fresh) this.#leave(member, !hasWorked);
    return hasWorked;
  }

  /** Lets all of them drain; resolves when the last has ended. */
  async drainAll(): Promise<void> {
    this.#isEnding = true;
    for (const member of this.#members) this.#leave(member, true);
    await this.#until(() => this.#members.size === 0, LEAVE_LIMIT_MS + 1_000);
  }

  killAll(): void {
    this.#isEnding = true;
    for (const member of this.#members) member.worker.process.kill("SIGKILL");
  }

  #fork(): Member {
    // With no worker left the shared socket is gone as well: a port that had been picked is asked for by its number.
    if (this.#members.size === 0 && this.#boundPort !== undefined) {
      this.#address = { ...this.#address, port: this.#boundPort };
    }
    const worker = this.#options.fork(this.#address);
    const member: Member = { worker, startedAt: performance.now(), isListening: false, isLeaving: false };
    this.#members.add(member);
    worker.on("message", (message) => {
      if (message.type === "listening") this.#listening(member, message.port);
      else this.#options.onMayListen(worker, message);
    });
    worker.on("error", (error) => this.#options.logger.debug({ err: error }, "a gateway worker could not be told"));
    worker.once("exit", (code, signal) => this.#ended(member, code, signal));
    this.#changed();
    return member;
  }

  #listening(member: Member, port: number): void {
    member.isListening = true;
    this.#boundPort = port;
    this.#changed();
    const serving = [...this.#members].filter((each) => each.isListening && !each.isLeaving);
    if (serving.length === this.#options.count) this.#options.onListening({ ...this.#options.address, port });
  }

  #ended(member: Member, code: number | null, signal: string | null): void {
    this.#members.delete(member);
    this.#changed();
    if (member.isLeaving || this.#isEnding) return;
    const isYoung = performance.now() - member.startedAt < YOUNG_MS;
    const waitMs = isYoung ? Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#youngDeaths) : 0;
    this.#youngDeaths = isYoung ? this.#youngDeaths + 1 : 0;
    this.#options.logger.warn({ code, signal, waitMs }, "a gateway worker ended and is replaced");
    if (waitMs === 0) this.#fork();
    else setTimeout(() => !this.#isEnding && this.#fork(), waitMs);
  }

  #leave(member: Member, isFinal: boolean): void {
    if (member.isLeaving && !isFinal) return;
    member.isLeaving = true;
    const { worker } = member;
    if (worker.isConnected()) worker.send({ type: "drain", isFinal });
    const limit = setTimeout(() => worker.process.kill("SIGKILL"), LEAVE_LIMIT_MS);
    worker.once("exit", () => clearTimeout(limit));
  }

  #changed(): void {
    this.#options.onChange(this.pids);
    for (const listener of [...this.#onChange]) listener();
  }

  /** Resolves once `isDone`, looked at after each change, or after `limitMs`. */
  #until(isDone: () => boolean, limitMs: number): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (isDone()) settle();
      };
      const settle = () => {
        clearTimeout(timer);
        this.#onChange.delete(check);
        resolve();
      };
      const timer = setTimeout(settle, limitMs);
      this.#onChange.add(check);
    });
  }
}
