/** `slipway dev` from end to end: what is saved is answered, whatever breaks is waited out, Ctrl-C leaves nothing. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { BIN, LocalWorkbench, textAt } from "./local-workbench.ts";

type Event = {
  readonly event: string;
  readonly how?: string;
  readonly url?: string;
  readonly line?: string;
  readonly message?: string;
  readonly is_serving?: boolean;
};

/** A running `slipway dev --json` and what it has told. */
class Dev {
  readonly #child: ChildProcess;
  readonly events: Event[] = [];

  constructor(bench: LocalWorkbench, folder: string) {
    this.#child = spawn(BIN, ["dev", folder, "--json"], { env: bench.env, stdio: ["ignore", "pipe", "inherit"] });
    if (this.#child.stdout === null) throw new Error("its standard output is a pipe");
    createInterface(this.#child.stdout).on("line", (line) => this.events.push(JSON.parse(line)));
  }

  /** The first event since number `from` that is so. */
  next(from: number, isIt: (event: Event) => boolean): Promise<Event> {
    return eventually(() => {
      const found = this.events.slice(from).find(isIt);
      if (found === undefined) throw new Error(`not yet: ${JSON.stringify(this.events.slice(from))}`);
      return found;
    }, 60_000);
  }

  async interrupt(): Promise<number | null> {
    const closed = once(this.#child, "close");
    this.#child.kill("SIGINT");
    return ((await closed) as [number | null])[0];
  }

  /** Also when an assertion failed. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null) await this.interrupt();
  }
}

const answer = (text: string): string => `module.exports = () => ${JSON.stringify(text)};\n`;

test("dev takes what is saved, survives crashes and failed builds, and leaves nothing", async () => {
  await using bench = await LocalWorkbench.open();
  const name = bench.name("dev");
  const folder = await bench.folder(name, { "index.js": answer("v0") });
  const dev = new Dev(bench, folder);
  try {
    const { url = "" } = await dev.next(0, ({ event }) => event === "ready");
    assert.equal(await textAt(url), "v0");
    /** Saves a file and waits for what becomes of it. */
    const save = async (path: string, text: string, isIt: (event: Event) => boolean): Promise<Event> => {
      const from = dev.events.length;
      await writeFile(join(folder, path), text);
      return dev.next(from, isIt);
    };
    const isReady = ({ event }: Event): boolean => event === "ready";
    const hasFailed = ({ event }: Event): boolean => event === "failed";

    assert.equal((await save("index.js", answer("v1"), isReady)).how, "reloaded");
    assert.equal(await textAt(url), "v1");

    // A new folder, and its end.
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "lib/text.js"), 'module.exports = "from lib";\n');
    const app = `const { existsSync } = require("node:fs");
module.exports = () => (existsSync(__dirname + "/lib/text.js") ? require("./lib/text.js") : "no lib");\n`;
    await writeFile(join(folder, "index.js"), app);
    await eventually(async () => assert.equal(await textAt(url), "from lib"), 30_000);
    await rm(join(folder, "lib"), { recursive: true });
    await eventually(async () => assert.equal(await textAt(url), "no lib"), 30_000);

    const crash = await save("index.js", 'throw new Error("boom");\n', hasFailed);
    assert.equal(crash.is_serving, false);
    assert.match(crash.message ?? "", /exit code 1/);
    assert.ok(
      dev.events.some(({ line }) => line === "Error: boom"),
      "its last words are told",
    );
    await save("index.js", answer("v2"), isReady);
    assert.equal(await textAt(url), "v2");

    const bad = await save("package.json", "{ no json\n", hasFailed);
    assert.equal(bad.is_serving, true);
    assert.match(bad.message ?? "", /The build failed/);
    assert.equal(await textAt(url), "v2", "the version before serves on");
    // The next save owes the build that failed, though this file alone would not need one.
    await save("index.js", answer("v3"), hasFailed);
    const good = await save("package.json", `${JSON.stringify({ main: "index.js" })}\n`, isReady);
    assert.equal(good.how, "rebuilt");
    assert.equal(await textAt(url), "v3");

    assert.equal(await dev.interrupt(), 0);
    assert.deepEqual(await bench.containers(name), []);
    assert.deepEqual(await bench.tags(name), []);
  } finally {
    await dev.end();
  }
});
