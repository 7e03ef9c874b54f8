/** Runs the command line in memory: its output is collected, its home is a folder of the test's own. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { CliDeps } from "../cli-deps.ts";
import { createProgram } from "../program.ts";
import { FakeDocuments } from "./fake-documents.ts";
import { FakeManifestReader } from "./fake-manifests.ts";
import { type FakeServer, TOKEN } from "./fake-server.ts";
import { NOW } from "./views.ts";

export type Result = { readonly status: number; readonly stdout: string; readonly stderr: string };
export type RunInput = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly deps?: Partial<CliDeps>;
};

/** A home and working folder that is removed at the end. */
export class Home implements AsyncDisposable {
  readonly path: string;
  /** What Ctrl-C would do. */
  interrupt: () => void = () => undefined;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<Home> {
    return new Home(await mkdtemp(join(tmpdir(), "slipway-cli-")));
  }

  /** `slipway` with nothing known of a server but what `input` says. */
  async run(argv: readonly string[], input: RunInput = {}): Promise<Result> {
    const out = new Collector();
    const err = new Collector();
    const deps: CliDeps = {
      env: input.env ?? {},
      stdin: Readable.from([input.stdin ?? ""]),
      stdout: out,
      stderr: err,
      version: "0.1.0",
      homeDir: this.path,
      cwd: this.path,
      now: () => NOW,
      manifests: new FakeManifestReader(),
      documents: new FakeDocuments(),
      identifySource: async () => "a".repeat(64),
      onInterrupt: (listener) => {
        this.interrupt = listener;
        return () => undefined;
      },
      runServer: () => Promise.resolve(),
      missingBases: () => Promise.resolve([]),
      buildBases: () => Promise.resolve([]),
      openMaintenance: () => Promise.reject(new Error("this test has no server on its machine")),
      openWorkshop: () => Promise.reject(new Error("this test has no local workshop")),
      ...input.deps,
    };
    const status = await createProgram(deps).run(argv);
    return { status, stdout: out.text, stderr: err.text };
  }

  /** `slipway` logged in to `server`. */
  on(server: FakeServer, argv: readonly string[], input: RunInput = {}): Promise<Result> {
    return this.run(argv, { ...input, env: { SLIPWAY_URL: server.url, SLIPWAY_TOKEN: TOKEN, ...input.env } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

class Collector extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
