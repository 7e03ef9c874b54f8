/**
 * A real server in a folder of its own, as a person starts it (`bin/slipway server`), on a free port, with a prefix and
 * a network pool nobody else uses. `close` ends it and removes everything it made on the engine.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { randomHex } from "../../src/lib/ids.ts";
import { inspectDatabase } from "../../src/store/inspect-database.ts";
import { eventually } from "../engine/eventually.ts";
import { type Answer, ask, type Question } from "./ask.ts";

export type TestServerOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** The program to start; this checkout's unless given. */
  readonly bin?: string;
};

const RUN_FOLDER = "/run/slipway";
const BIN = join(import.meta.dirname, "../../bin/slipway");

export class TestServer {
  readonly folder: string;
  readonly prefix: string;
  readonly engine: Docker;
  readonly #env: NodeJS.ProcessEnv;
  readonly #flags: readonly string[];
  readonly #bin: string;
  #process: ChildProcess | undefined;
  #output = "";
  /** Kept over restarts, so that addresses stay what they were. */
  port = 0;

  private constructor(folder: string, options: TestServerOptions) {
    this.folder = folder;
    this.prefix = `e2e${randomHex(4)}`;
    this.engine = new Docker({ socketPath: options.env?.SLIPWAY_DOCKER_SOCKET ?? "/var/run/docker.sock" });
    this.#flags = options.flags ?? [];
    this.#bin = options.bin ?? BIN;
    this.#env = {
      ...process.env,
      HOME: folder,
      // Compiled code is shared with all runs, as it is between the starts of a real server.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
      SLIPWAY_DATA_DIR: join(folder, "data"),
      SLIPWAY_PREFIX: this.prefix,
      // One of 2048 blocks: servers of tests that run at the same time do not meet.
      SLIPWAY_NETWORK_POOL: `10.${randomInt(64, 192)}.${16 * randomInt(0, 16)}.0/20`,
      SLIPWAY_SECRETS_DIR: this.secretsDir,
      // What somebody starts on the network of all servers is no test's business.
      SLIPWAY_FAASO_NETWORK: "none",
      ...options.env,
    };
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), "slipway-e2e-"));
    // Another user (see gateway-user) must be able to get through it to the data directory.
    await chmod(folder, 0o711);
    const server = new TestServer(folder, options);
    try {
      await server.run();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything it printed since its first start. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  /** On a tmpfs that is there on every machine. */
  get secretsDir(): string {
    return `/dev/shm/${this.prefix}`;
  }

  /** Environment with which the command line finds this server, and `HOME` for its files. */
  get cliEnv(): NodeJS.ProcessEnv {
    return { ...this.#env, SLIPWAY_URL: this.url };
  }

  async passkey(): Promise<string> {
    return (await readFile(join(this.folder, ".passfile"), "utf8")).trim();
  }

  /** Starts it, again after `kill` or `stop`; resolves once it says that it is ready. */
  async run(): Promise<void> {
    const before = this.#output.length;
    const child = spawn(this.#bin, ["server", "--addr", `127.0.0.1:${this.port}`, ...this.#flags], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    const exited = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${this.#output.slice(before)}`)));
    });
    exited.catch(() => undefined);
    const ready = eventually(() => {
      if (child.exitCode !== null) return;
      const match = /ready on http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#output.slice(before));
      if (match === null) throw new Error(`the server is not ready:\n${this.#output.slice(before)}`);
      this.port = Number(match[1]);
    }, 30_000);
    await Promise.race([ready, exited]);
  }

  /** SIGTERM, and waits for its end. Answers the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    return ended;
  }

  /** Pid of the control process; waits for it while it is being started again. */
  async controlPid(): Promise<number> {
    return eventually(async () => {
      const [pid] = await childPids(this.pid, "control-process.ts");
      if (pid === undefined) throw new Error("there is no control process");
      return pid;
    });
  }

  async workerPids(): Promise<readonly number[]> {
    return processesOf(this.dataDir, "worker-process.ts");
  }

  /** SIGKILL to the holder, and to control if that is asked for; workers stay. */
  async killHolder(options: { readonly andControl: boolean }): Promise<void> {
    const control = await this.controlPid();
    process.kill(this.pid, "SIGKILL");
    // It may just have ended by itself, e.g. to take a restore up.
    if (options.andControl && isAlive(control)) process.kill(control, "SIGKILL");
    await eventually(() => {
      if (isAlive(this.pid) && this.#process?.signalCode === null) throw new Error("the holder lives on");
    });
  }

  /** Asks with the passkey unless told otherwise. */
  async api(question: Question & { readonly path: string }): Promise<Answer> {
    return ask(this.url, { ...question, headers: { authorization: await this.passkey(), ...question.headers } });
  }

  /** Asks the function of that name, as a browser would. */
  async call(name: string, question: Question = {}): Promise<Answer> {
    return ask(this.url, { ...question, headers: { host: `${name}.localhost`, ...question.headers } });
  }

  async close(): Promise<void> {
    await this.stop();
    for (const pid of [...(await this.workerPids()), ...(await processesOf(this.dataDir, "control-process.ts"))]) {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
    await removeFromEngine(this.engine, this.prefix);
    await removeRunLock(join(this.dataDir, "slipway.db"));
    for (const folder of [this.secretsDir, this.folder]) await rm(folder, { recursive: true, force: true });
  }
}

/** What a control that was killed leaves of its lock; see src/main/prefix-lock.ts. */
async function removeRunLock(databasePath: string): Promise<void> {
  if (!existsSync(databasePath)) return;
  const { serverId } = inspectDatabase(databasePath);
  const names = existsSync(RUN_FOLDER) ? await readdir(RUN_FOLDER) : [];
  for (const name of names)
    if (name.startsWith(`server-${serverId}-`)) await rm(join(RUN_FOLDER, name), { recursive: true, force: true });
}

async function removeFromEngine(engine: Docker, prefix: string): Promise<void> {
  const networks = async () => (await engine.listNetworks()).filter(({ Name }) => Name.startsWith(`${prefix}-`));
  // What the engine was still making when its server was killed shows up a moment later, and holds its network.
  const removing = eventually(async () => {
    for (const { Id, Names } of await engine.listContainers({ all: true })) {
      if (Names.some((name) => name.startsWith(`/${prefix}-`)))
        await engine.getContainer(Id).remove({ force: true, v: true }).catch(requireGone);
    }
    for (const { Id } of await networks()) await engine.getNetwork(Id).remove().catch(requireGone);
  }, 15_000);
  await removing.catch(async (error: unknown) => {
    // An engine that had to remove what it was just starting may count a connection for ever that is none.
    for (const { Id, Name } of await networks()) {
      const { Containers } = await engine.getNetwork(Id).inspect();
      if (Object.keys(Containers ?? {}).length > 0) throw error;
      process.emitWarning(`the engine does not let go of the network ${Name}, though it lists nobody on it`);
    }
  });
  for (const { RepoTags } of await engine.listImages()) {
    for (const tag of RepoTags ?? []) if (tag.startsWith(prefix)) await engine.getImage(tag).remove({ force: true });
  }
}

/** What the server began to remove before it ended is gone, or about to be. */
function requireGone(error: { readonly statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function childPids(parent: number, module: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const pid of await allPids()) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (!status.includes(`\nPPid:\t${parent}\n`)) continue;
    if ((await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(module)) pids.push(pid);
  }
  return pids;
}

async function processesOf(dataDir: string, module: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const pid of await allPids()) {
    if (!(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(module)) continue;
    if ((await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).includes(`SLIPWAY_DATA_DIR=${dataDir}\0`))
      pids.push(pid);
  }
  return pids;
}

async function allPids(): Promise<readonly number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}
