/** `slipway dev`: a folder runs on this machine, takes what is saved, and shows its log, until Ctrl-C. */

import { resolve } from "node:path";
import { Command } from "commander";
import type { DevEvent } from "../../domain/workshop.ts";
import type { CliContext } from "../cli-context.ts";
import { wholeNumber, withExamples } from "../command-help.ts";
import { localProgress, useWorkshop } from "../local/use-workshop.ts";
import { Progress } from "../progress.ts";
import { errorDocument, errorText } from "../report-error.ts";

const LARGEST_PORT = 65_535;
/** More changed files than these are counted. */
const NAMED_PATHS = 3;

export function createDevCommand(context: CliContext): Command {
  const command = new Command()
    .description("Run a folder on this machine's engine, take what is saved at once, and show its log. Ctrl-C ends it.")
    .argument("<folder>", "folder of the function")
    .option(
      "--port <port>",
      "port on 127.0.0.1 (default: a free one, kept while it runs)",
      wholeNumber(1, LARGEST_PORT),
    )
    .action((folder: string, { port }: { readonly port?: number }) => dev(folder, port, context));
  return withExamples(command, [["slipway dev hello --port 3000", "edit, save, ask http://127.0.0.1:3000/ again"]]);
}

function dev(folder: string, port: number | undefined, context: CliContext): Promise<void> {
  return useWorkshop(context, async (workshop) => {
    const { deps, output, signal } = context;
    const progress = new Progress(deps, output.isJson);
    const told = { ...localProgress(progress), onEvent: (event: DevEvent) => tell(event, progress, context) };
    try {
      await workshop.dev.run(resolve(deps.cwd, folder), { port }, told, signal);
    } finally {
      progress.stop();
    }
    output.note("ended; nothing of it is left");
  });
}

/** With --json one document per line. */
function tell(event: DevEvent, progress: Progress, { output, deps }: CliContext): void {
  if (output.isJson) {
    output.jsonLine(documentOf(event));
    return;
  }
  switch (event.kind) {
    case "log":
      progress.stop();
      output.text(`${output.style.dim("|")} ${event.line.line}\n`);
      return;
    case "changed":
      progress.step(`taking in ${named(event.paths)}`);
      return;
    case "ready":
      progress.stop();
      output.note(`${event.how} in ${Math.round(event.elapsedMs)} ms: ${event.url}`);
      return;
    case "failed":
      progress.stop();
      deps.stderr.write(errorText(event.error, deps));
      output.note(
        event.isServing ? "the version before still answers; waiting for the next save" : "waiting for the next save",
      );
  }
}

function documentOf(event: DevEvent): object {
  if (event.kind === "failed") return { event: "failed", is_serving: event.isServing, ...errorDocument(event.error) };
  if (event.kind === "ready") return { event: "ready", how: event.how, url: event.url, elapsed_ms: event.elapsedMs };
  if (event.kind === "changed") return { event: "changed", paths: event.paths };
  const { stream, line, at } = event.line;
  return { event: "log", stream, line, at: new Date(at).toISOString() };
}

function named(paths: readonly string[]): string {
  return paths.length <= NAMED_PATHS ? paths.join(", ") : `${paths.length} changes`;
}
