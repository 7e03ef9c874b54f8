/** The real `bin/slipway` with `-l`, in a home and with function names of its own; `close` leaves nothing on the engine. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Docker from "dockerode";
import { randomHex } from "../../src/lib/ids.ts";
import { type RunResult, run } from "../../src/lib/run.ts";

export const BIN = join(import.meta.dirname, "../../bin/slipway");
const LIMIT_MS = 120_000;

export class LocalWorkbench implements AsyncDisposable {
  readonly home: string;
  readonly engine = new Docker({ socketPath: "/var/run/docker.sock" });
  readonly #names = new Set<string>();

  private constructor(home: string) {
    this.home = home;
  }

  static async open(): Promise<LocalWorkbench> {
    return new LocalWorkbench(await mkdtemp(join(tmpdir(), "slipway-bench-")));
  }

  /** A name that nobody else has on this engine. */
  name(start: string): string {
    const name = `${start}-${randomHex(4)}`;
    this.#names.add(name);
    return name;
  }

  get env(): NodeJS.ProcessEnv {
    // Compiled code is shared with all runs.
    const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
    return { PATH: process.env.PATH, HOME: this.home, XDG_CACHE_HOME: cache, NO_COLOR: "1" };
  }

  slipway(...args: readonly string[]): Promise<RunResult> {
    return run(BIN, args, { env: this.env, cwd: this.home, timeoutMs: LIMIT_MS });
  }

  /** Asserts that it ends well; answers its standard output without the last newline. */
  async done(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.slipway(...args);
    assert.equal(exitCode, 0, `slipway ${args.join(" ")}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Writes files by path below a folder of that name; answers the folder's path. */
  async folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    // Not in the working folder itself: there a name would be a path.
    const folder = join(this.home, "work", name);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    return folder;
  }

  /** Names of the containers of that function, whatever they are for. */
  async containers(name: string): Promise<readonly string[]> {
    const found = await this.engine.listContainers({ all: true, filters: { label: [`slipway.local=${name}`] } });
    return found.map(({ Names }) => (Names[0] ?? "").slice(1));
  }

  /** Tags of the images of that function. */
  async tags(name: string): Promise<readonly string[]> {
    const found = await this.engine.listImages({ filters: { label: [`slipway.service=local-${name}`] } });
    return found.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) {
      for (const container of await this.containers(name)) {
        await this.engine.getContainer(container).remove({ force: true, v: true });
      }
      for (const tag of await this.tags(name)) await this.engine.getImage(tag).remove({ force: true });
    }
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Text of an answer, or undefined while nobody answers. */
export async function textAt(url: string): Promise<string | undefined> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text();
  } catch {
    return undefined;
  }
}
