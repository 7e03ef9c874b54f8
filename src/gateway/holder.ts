/**
 * The holder: the small process that owns the listening sockets (node:cluster, sockets shared by the workers), starts
 * workers and control, and starts them again when they die. Its own code stays what it was until the next full start:
 * a reload replaces workers and control only, which is why it does so little itself.
 */

import cluster from "node:cluster";
import { openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../domain/logger.ts";
import { randomHex } from "../lib/ids.ts";
import { forkModule } from "../lib/run.ts";
import { AddressGuard } from "./address-guard.ts";
import { ControlSupervisor } from "./control-supervisor.ts";
import type { ListenAddress } from "./gateway-server.ts";
import type { ControlToHolder } from "./messages.ts";
import { HOLDER_ID, toWorkerEnv } from "./worker-env.ts";
import { WorkerGroup } from "./worker-group.ts";
import type { WorkerUser } from "./worker-user.ts";

export type HolderOptions = {
  /** Absolute paths of the modules the children run; read again on every start, so that a reload takes new code. */
  readonly workerModule: string;
  readonly controlModule: string;
  /** Command line of control. */
  readonly args: readonly string[];
  /** Environment of both. */
  readonly env: NodeJS.ProcessEnv;
  /** What is for control's eyes only. */
  readonly controlEnv?: NodeJS.ProcessEnv;
  readonly address: ListenAddress;
  readonly workerCount: number;
  readonly dataDir: string;
  readonly trustedProxies: readonly string[];
  /** Whom workers become. */
  readonly workerUser?: WorkerUser | undefined;
  readonly logger: Logger;
  /** Control is ready and all workers listen; the address has the port that was bound. Called once. */
  readonly onReady: (address: ListenAddress) => void;
  /** Nothing can be served, for this reason; exit code 1 follows. */
  readonly onFatal: (message: string) => void;
};

/**
 * Under full load a worker takes 110 MB with that semi-space and 180 MB with V8's own; with 2 MB and a heap that grows by
 * 20 % it would take 60 MB, for an eighth more CPU per request (measured). What a load leaves is collected after it.
 */
const WORKER_FLAGS = ["--max-semi-space-size=8", "--expose-gc"];
/**
 * Control has little garbage of short life: with V8's own semi-space it holds 116 MB after some deploys, with this 68.
 * Twelve seconds of 10,000 log lines a second to five readers take it to 115 MiB with a heap that grows by half before it
 * is collected, to 180 with V8's own measure; growing by 20 % it does not keep up on a busy machine (measured).
 */
const CONTROL_FLAGS = ["--max-semi-space-size=2", "--heap-growing-percent=50", "--expose-gc"];
/** How long new control code may take to be ready on a reload before the workers are left alone, in milliseconds. */
const RELOAD_LIMIT_MS = 30_000;
/** `gateway.log` is put aside at a start when it is larger than this. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Runs the server; resolves with the exit code once all children have ended. */
export function runHolder(options: HolderOptions): Promise<number> {
  return new Promise((resolve) => new Holder(options, resolve).start());
}

class Holder {
  readonly #options: HolderOptions;
  readonly #exit: (code: number) => void;
  readonly #holderId = randomHex(8);
  readonly #control: ControlSupervisor;
  readonly #workers: WorkerGroup;
  readonly #addresses = new AddressGuard();
  #isControlReady = false;
  #bound: ListenAddress | undefined;
  #wasReady = false;
  #isStopping = false;
  #isReloading = false;
  #wantsReload = false;

  constructor(options: HolderOptions, exit: (code: number) => void) {
    this.#options = options;
    this.#exit = exit;
    const { logger } = options;
    this.#control = new ControlSupervisor({
      fork: () => this.#forkControl(),
      onStart: () => this.#announceWorkers(),
      onMessage: (message) => this.#take(message),
      onHopeless: (code) => this.#endAtOnce(code),
      logger,
    });
    this.#workers = new WorkerGroup({
      count: options.workerCount,
      address: options.address,
      fork: (address) => cluster.fork(this.#workerEnv(address)),
      onChange: () => this.#announceWorkers(),
      onListening: (address) => {
        this.#bound = address;
        this.#announceWorkers();
        this.#reportReady();
      },
      onMayListen: (worker, { id, host, port }) => {
        this.#addresses.mayListen({ host, port }).then(
          (isFree) => worker.isConnected() && worker.send({ type: "may_listen", id, isFree }),
          (error: unknown) => logger.error({ err: error }, "an address could not be tried"),
        );
      },
      logger,
    });
  }

  start(): void {
    const { workerModule, dataDir } = this.#options;
    const log = openLog(join(dataDir, "gateway.log"));
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    // Never a pipe: workers outlive this process, and writing to a pipe nobody reads would end them.
    const execArgv = [...process.execArgv, ...WORKER_FLAGS];
    cluster.setupPrimary({ exec: workerModule, args: [], execArgv, stdio: ["ignore", log, log, "ipc"] });
    process.on("SIGHUP", () => this.#reload());
    process.on("SIGTERM", () => this.#stop());
    process.on("SIGINT", () => this.#stop());
    cluster.on("listening", (worker, { address, port }) =>
      this.#addresses.listens({ host: address ?? undefined, port }, worker.id),
    );
    cluster.on("exit", (worker) => this.#addresses.forget(worker.id));
    this.#control.start();
    this.#workers.start();
  }

  #workerEnv(address: ListenAddress): NodeJS.ProcessEnv {
    const { env, dataDir, trustedProxies, workerUser: user } = this.#options;
    return { ...env, ...toWorkerEnv({ holderId: this.#holderId, dataDir, address, trustedProxies, user }) };
  }

  #forkControl(): ReturnType<typeof forkModule> {
    const { controlModule, args, env, controlEnv } = this.#options;
    return forkModule(controlModule, args, { ...env, ...controlEnv, [HOLDER_ID]: this.#holderId }, CONTROL_FLAGS);
  }

  #take(message: ControlToHolder): void {
    switch (message.type) {
      case "ready":
        this.#isControlReady = true;
        this.#reportReady();
        return;
      case "reload":
        this.#reload();
        return;
      case "kill_worker":
        kill(message.pid);
        return;
      case "fatal":
        if (this.#isStopping) return;
        this.#options.onFatal(message.message);
        this.#endAtOnce(1);
    }
  }

  #announceWorkers(): void {
    this.#control.send({ type: "workers", pids: this.#workers.pids, port: this.#bound?.port ?? null });
  }

  #reportReady(): void {
    if (this.#wasReady || !this.#isControlReady || this.#bound === undefined) return;
    this.#wasReady = true;
    this.#options.onReady(this.#bound);
  }

  #reload(): void {
    if (this.#isStopping) return;
    this.#wantsReload = this.#isReloading;
    if (this.#isReloading) return;
    this.#isReloading = true;
    this.#replaceChildren()
      .catch((error: unknown) => this.#options.logger.error({ err: error }, "the reload failed"))
      .finally(() => {
        this.#isReloading = false;
        if (this.#wantsReload) this.#reload();
      });
  }

  /** There can be only one control: requests to it wait in the workers while it changes. Then the workers, new ones first. */
  async #replaceChildren(): Promise<void> {
    const { logger } = this.#options;
    await this.#control.stop();
    if (this.#isStopping) return;
    const ready = this.#control.ready();
    this.#control.start();
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, RELOAD_LIMIT_MS, true).unref());
    if ((await Promise.race([ready, late])) === true) {
      logger.error({}, "reload: the new control process is not ready; the workers stay as they are");
      return;
    }
    const hasWorked = await this.#workers.replaceAll();
    if (hasWorked) logger.info({}, "reloaded");
    else logger.error({}, "reload: the new workers do not listen; the old ones stay");
  }

  #stop(): void {
    if (this.#isStopping) {
      this.#endAtOnce(1);
      return;
    }
    this.#isStopping = true;
    const done = Promise.all([this.#control.stop(), this.#workers.drainAll()]);
    done.then(
      () => this.#exit(0),
      (error: unknown) => {
        this.#options.logger.error({ err: error }, "stopping failed");
        this.#endAtOnce(1);
      },
    );
  }

  #endAtOnce(code: number): void {
    this.#isStopping = true;
    this.#control.kill();
    this.#workers.killAll();
    this.#exit(code);
  }
}

/** @returns its file descriptor */
function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}

/** A worker of this holder or of a past one, named by control, which has a connection to it. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
