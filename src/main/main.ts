/** The program `slipway`: hands the real world to the command line. */

import { homedir } from "node:os";
import type { CliDeps } from "../cli/cli-deps.ts";
import { createProgram } from "../cli/program.ts";
import { LazyManifestReader } from "./manifests.ts";
import { identifySource, LazyProjectDocuments } from "./project-documents.ts";
import { VERSION } from "./version.ts";

const deps: CliDeps = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  version: VERSION,
  homeDir: process.env.HOME ?? homedir(),
  cwd: process.cwd(),
  now: () => Date.now(),
  manifests: new LazyManifestReader(),
  documents: new LazyProjectDocuments(),
  onInterrupt(listener) {
    const onSignal = (): void => {
      stop();
      listener();
    };
    const stop = (): void => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    return stop;
  },
  async runServer(flags) {
    const { runServer } = await import("./server.ts");
    process.exitCode = await runServer(flags, process.env);
  },
  async missingBases() {
    const { missingBases } = await import("./bases.ts");
    return missingBases();
  },
  async buildBases(onProgress) {
    const { buildBases } = await import("./bases.ts");
    return buildBases(onProgress);
  },
  identifySource,
  async openMaintenance() {
    const { openMaintenance } = await import("./maintenance.ts");
    return openMaintenance(process.env);
  },
  async openWorkshop() {
    const { openWorkshop } = await import("./local-workshop.ts");
    return openWorkshop(process.env, process.cwd());
  },
};

// A reader that went away (`slipway list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
const status = await createProgram(deps).run(process.argv.slice(2));
process.exitCode ??= status;
