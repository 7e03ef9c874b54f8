/** `slipway export`: a function as a folder that builds and runs with plain Docker. */

import { resolve } from "node:path";
import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { useWorkshop } from "../local/use-workshop.ts";

export function createExportCommand(context: CliContext): Command {
  const command = new Command()
    .description("Write a function and its runtime as one folder for plain `docker build` and `docker run`.")
    .argument("<source>", "folder of the function")
    .argument("<destination>", "folder to make; it must not exist")
    .option("--name <name>", "its name (default: from slipway.yml, else the folder's)")
    .action((source: string, destination: string, { name }: { readonly name?: string }) =>
      useWorkshop(context, async ({ builds }) => {
        const { output, deps, signal } = context;
        const fn = await builds.open(resolve(deps.cwd, source), { name });
        signal.throwIfAborted();
        const folder = resolve(deps.cwd, destination);
        const notes = await builds.exportTo(fn, folder);
        for (const note of [...fn.notes, ...notes]) output.note(note);
        output.result({ name: fn.name, folder, notes }, folder);
      }),
    );
  return withExamples(command, [["slipway export hello /tmp/hello", "then: docker build -t hello /tmp/hello"]]);
}
