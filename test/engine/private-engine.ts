/**
 * A Docker engine of the test's own, beside the machine's, so that it can be stopped, killed and started again without
 * harm to anybody. It touches no firewall rules and has a default bridge of its own: with `--bridge none` it would
 * delete the machine's `docker0`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { randomHex } from "../../src/lib/ids.ts";
import { run } from "../../src/lib/run.ts";
import { eventually } from "./eventually.ts";

export class PrivateEngine {
  readonly socketPath: string;
  readonly client: Docker;
  readonly #folder: string;
  readonly #bridge = `sw${randomHex(5)}`;
  #process: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.socketPath = join(folder, "docker.sock");
    this.client = new Docker({ socketPath: this.socketPath });
  }

  static async start(): Promise<PrivateEngine> {
    const engine = new PrivateEngine(await mkdtemp(join(tmpdir(), "slipway-engine-")));
    await ip("link", "add", "name", engine.#bridge, "type", "bridge");
    await ip("addr", "add", `169.254.${randomInt(1, 255)}.1/24`, "dev", engine.#bridge);
    await engine.run();
    return engine;
  }

  /** Starts it (again); resolves once it answers. */
  async run(): Promise<void> {
    const inFolder = (name: string): string => join(this.#folder, name);
    // A killed engine's pid file would keep the next one from starting.
    await rm(inFolder("docker.pid"), { force: true });
    await rm(inFolder("exec/containerd/containerd.pid"), { force: true });
    const log = await open(inFolder("log"), "a");
    const places = [
      "--data-root",
      inFolder("root"),
      "--exec-root",
      inFolder("exec"),
      "--pidfile",
      inFolder("docker.pid"),
    ];
    this.#process = spawn(
      "dockerd",
      [...places, "-H", `unix://${this.socketPath}`, "--bridge", this.#bridge, "--iptables=false"],
      {
        stdio: ["ignore", log.fd, log.fd],
      },
    );
    await log.close();
    await eventually(() => this.client.ping(), 60_000);
  }

  /** Copies an image of the machine's engine into it. */
  async copyImage(reference: string): Promise<void> {
    const image = await new Docker({ socketPath: "/var/run/docker.sock" }).getImage(reference).get();
    const loading = await this.client.loadImage(image);
    await new Promise((resolve, reject) => {
      loading.on("end", resolve);
      loading.on("error", reject);
      loading.resume();
    });
  }

  /** SIGTERM: without live-restore it takes all containers along. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** SIGKILL: containers run on, and the next engine ends them. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async close(): Promise<void> {
    const pidFile = join(this.#folder, "exec/containerd/containerd.pid");
    const containerd = Number(await readFile(pidFile, "utf8").catch(() => "0"));
    await this.stop();
    if (
      containerd > 0 &&
      (await readFile(`/proc/${containerd}/cmdline`, "utf8").catch(() => "")).includes(this.#folder)
    )
      process.kill(containerd, "SIGKILL");
    const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(this.#folder)).toReversed())
      await run("umount", ["-l", mount], { timeoutMs: 10_000 });
    await ip("link", "del", this.#bridge);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    await ended;
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run("ip", args, { timeoutMs: 10_000 });
  if (exitCode !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}
