/**
 * Control's side of `gateway.sock`: hands tables to the workers, waits for their acknowledgements, collects what they
 * count, and tells workers of a past holder to make room for the present one's.
 */

import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { Gateway, GatewayCounts } from "../domain/gateway.ts";
import type { Logger } from "../domain/logger.ts";
import type { RouteTable } from "../domain/route.ts";
import type { LinkMessage, WorkerMessage } from "./messages.ts";
import { readLines, writeLine } from "./ndjson.ts";
import { LAST_REDIAL_MS } from "./worker-link.ts";

export type GatewayProblem =
  /** Somebody who is no worker of ours has the public address. */
  | { readonly kind: "address_in_use"; readonly address: string }
  /** `reason` is the system's code, such as EADDRINUSE; null: the problem is over. */
  | { readonly kind: "local_port"; readonly port: number; readonly reason: string | null }
  /** The same for an address at which instances reach the gateway. */
  | { readonly kind: "inside_address"; readonly address: string; readonly reason: string | null }
  /** The worker has not acknowledged a table in time. */
  | { readonly kind: "worker_hung"; readonly pid: number };

export type GatewayLinkOptions = {
  /** `<data-dir>/gateway.sock`; a stale one is replaced. */
  readonly socketPath: string;
  readonly holderId: string;
  /** Pids of the holder's workers that are alive. */
  readonly workersExpected: () => readonly number[];
  readonly onCounts: (counts: readonly GatewayCounts[]) => void;
  readonly onProblem: (problem: GatewayProblem) => void;
  readonly logger: Logger;
  /** How long a worker may take to acknowledge a table, in milliseconds. */
  readonly ackTimeoutMs?: number;
};

const ACK_TIMEOUT_MS = 10_000;
/** In this time after the start every worker of a past holder has dialled in (see LAST_REDIAL_MS). */
const SETTLE_MS = 3 * LAST_REDIAL_MS;
/** How long workers of a past holder may take to free the address, in milliseconds. */
const HAND_OVER_MS = 3_000;

type Drain = { readonly message: LinkMessage; readonly waitingFor: Set<number>; isDrained: boolean };

export class GatewayLink implements Gateway {
  readonly #options: GatewayLinkOptions;
  readonly #server: Server;
  readonly #workers = new Map<number, LinkedWorker>();
  readonly #changed = new Set<() => void>();
  readonly #drains = new Map<number, Drain>();
  readonly #openedAt = performance.now();
  #table: RouteTable | undefined;
  #tableText = "";
  #passkeyHash: string | null = null;
  #version = 0;
  #drainIds = 0;
  #retiredAt: number | undefined;

  private constructor(options: GatewayLinkOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Listens. @throws the system's error when the socket can't be made */
  static async open(options: GatewayLinkOptions): Promise<GatewayLink> {
    await rm(options.socketPath, { force: true });
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.socketPath, () => resolve());
    });
    return new GatewayLink(options, server);
  }

  /** SHA-256 (lower-case hex) of the passkey, which workers keep from functions; null: there is none. */
  setPasskeyHash(passkeyHash: string | null): void {
    if (this.#passkeyHash === passkeyHash) return;
    this.#passkeyHash = passkeyHash;
    if (this.#table !== undefined) this.#sendTable();
  }

  publish(table: RouteTable): Promise<void> {
    const text = JSON.stringify(table);
    if (text !== this.#tableText || this.#table === undefined) {
      this.#table = table;
      this.#tableText = text;
      this.#sendTable();
    }
    return this.#acknowledged(this.#version);
  }

  async drained(slot: string, timeoutMs: number): Promise<boolean> {
    this.#drainIds += 1;
    const id = this.#drainIds;
    const message: LinkMessage = { type: "drain", id, slot, timeoutMs };
    const waitingFor = new Set([...this.#workers.keys(), ...this.#options.workersExpected()]);
    const drain: Drain = { message, waitingFor, isDrained: true };
    this.#drains.set(id, drain);
    for (const worker of this.#workers.values()) worker.send(message);
    const isInTime = await this.#until(timeoutMs, () => {
      for (const pid of waitingFor) if (!this.#isAlive(pid)) waitingFor.delete(pid);
      return waitingFor.size === 0;
    });
    this.#drains.delete(id);
    return isInTime && drain.isDrained;
  }

  /** Tells workers of past holders to stop listening, to finish and to exit. */
  retireOrphans(): void {
    this.#retiredAt ??= performance.now();
    for (const worker of this.#workers.values()) if (this.#isOrphan(worker)) worker.send({ type: "retire" });
  }

  /** Workers connected, by pid, ascending. */
  get connectedWorkers(): readonly number[] {
    return [...this.#workers.keys()].sort((a, b) => a - b);
  }

  /** How many workers of that version listen on the public address. */
  serving(version: string): number {
    return [...this.#workers.values()].filter(({ serves }) => serves === version).length;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const worker of this.#workers.values()) worker.socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    let worker: LinkedWorker | undefined;
    socket.on("error", (error) => this.#options.logger.debug({ err: error }, "a worker's connection broke"));
    socket.once("close", () => {
      if (worker === undefined || this.#workers.get(worker.pid) !== worker) return;
      this.#workers.delete(worker.pid);
      this.#notify();
    });
    readLines(socket, (value) => {
      // Only this server's own user can open the socket, so the other side is a worker of ours.
      const message = value as WorkerMessage;
      if (message.type === "hello") worker = this.#greet(socket, message);
      else if (worker !== undefined) this.#take(worker, message);
    });
  }

  #greet(socket: Socket, hello: Extract<WorkerMessage, { readonly type: "hello" }>): LinkedWorker {
    const worker = new LinkedWorker(socket, hello);
    this.#workers.set(worker.pid, worker);
    if (this.#table !== undefined) worker.send(this.#tableMessage(this.#table));
    for (const drain of this.#drains.values()) if (drain.waitingFor.has(worker.pid)) worker.send(drain.message);
    if (this.#retiredAt !== undefined && this.#isOrphan(worker)) worker.send({ type: "retire" });
    return worker;
  }

  #take(worker: LinkedWorker, message: WorkerMessage): void {
    switch (message.type) {
      case "ack":
        worker.acknowledged = Math.max(worker.acknowledged, message.version);
        this.#notify();
        return;
      case "counts":
        this.#options.onCounts(message.counts);
        return;
      case "local_port":
        this.#options.onProblem({ kind: "local_port", port: message.port, reason: message.problem });
        return;
      case "inside_address": {
        const { host, port, problem } = message;
        this.#options.onProblem({ kind: "inside_address", address: `${host}:${port}`, reason: problem });
        return;
      }
      case "drained": {
        const drain = this.#drains.get(message.id);
        drain?.waitingFor.delete(worker.pid);
        if (drain !== undefined) drain.isDrained &&= message.isDrained;
        this.#notify();
        return;
      }
      case "address_in_use":
        if (!this.#isOrphan(worker)) this.#handOver(message.address);
        return;
      case "serves":
        worker.serves = message.version;
        return;
      case "hello":
        return;
    }
  }

  /** A new worker waits for the address: either past workers have it, or it is lost to us. */
  #handOver(address: string): void {
    const now = performance.now();
    const hasOrphans = [...this.#workers.values()].some((worker) => this.#isOrphan(worker));
    if (hasOrphans && this.#retiredAt === undefined) this.retireOrphans();
    if (now - this.#openedAt < SETTLE_MS) return;
    if (this.#retiredAt !== undefined && now - this.#retiredAt < HAND_OVER_MS) return;
    this.#options.onProblem({ kind: "address_in_use", address });
  }

  #sendTable(): void {
    if (this.#table === undefined) return;
    this.#version += 1;
    const message = this.#tableMessage(this.#table);
    for (const worker of this.#workers.values()) worker.send(message);
  }

  #tableMessage(table: RouteTable): LinkMessage {
    return { type: "table", version: this.#version, table, passkeyHash: this.#passkeyHash };
  }

  /** Resolves once every living worker uses that version or a later one; hung ones are reported to be ended. */
  async #acknowledged(version: number): Promise<void> {
    const isDone = () => this.#behind(version).length === 0;
    while (!(await this.#until(this.#options.ackTimeoutMs ?? ACK_TIMEOUT_MS, isDone))) {
      for (const pid of this.#behind(version)) {
        this.#options.logger.error({ pid, version }, "a gateway worker does not acknowledge its table");
        this.#options.onProblem({ kind: "worker_hung", pid });
      }
    }
  }

  /** Workers that may still use an older table than that. */
  #behind(version: number): number[] {
    const behind = new Set(this.#options.workersExpected());
    for (const pid of this.#workers.keys()) behind.add(pid);
    for (const worker of this.#workers.values()) if (worker.acknowledged >= version) behind.delete(worker.pid);
    return [...behind];
  }

  #isAlive(pid: number): boolean {
    return this.#workers.has(pid) || this.#options.workersExpected().includes(pid);
  }

  #isOrphan(worker: LinkedWorker): boolean {
    return worker.holderId !== this.#options.holderId;
  }

  /** Looks at `isDone` whenever something has changed; false after `limitMs`. Not before the settling time is over. */
  async #until(limitMs: number, isDone: () => boolean): Promise<boolean> {
    const settleMs = this.#openedAt + SETTLE_MS - performance.now();
    if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs));
    if (isDone()) return true;
    return new Promise((resolve) => {
      const settle = (result: boolean) => {
        clearTimeout(timer);
        clearInterval(looking);
        this.#changed.delete(check);
        resolve(result);
      };
      const check = () => {
        if (isDone()) settle(true);
      };
      const timer = setTimeout(() => settle(isDone()), limitMs);
      // The list of living workers changes without an event of ours.
      const looking = setInterval(check, LAST_REDIAL_MS);
      this.#changed.add(check);
    });
  }

  #notify(): void {
    for (const check of [...this.#changed]) check();
  }
}

class LinkedWorker {
  readonly socket: Socket;
  readonly pid: number;
  readonly holderId: string;
  acknowledged = 0;
  /** The version of its program, once it listens on the public address. */
  serves: string | undefined;

  constructor(socket: Socket, { pid, holderId, serves }: Extract<WorkerMessage, { readonly type: "hello" }>) {
    this.socket = socket;
    this.pid = pid;
    this.holderId = holderId;
    this.serves = serves;
  }

  send(message: LinkMessage): void {
    writeLine(this.socket, message);
  }
}
