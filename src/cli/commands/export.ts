/**
 * `slipway export`: a function as a folder that builds and runs with plain Docker; with -f a whole project as YAML that
 * `slipway apply` makes again.
 */

import { resolve } from "node:path";
import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { projectOption, withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { exportProject } from "../export-project.ts";
import { useWorkshop } from "../local/use-workshop.ts";

type ExportOptions = {
  readonly name?: string;
  readonly file?: string;
  readonly project?: string;
  readonly force?: true;
};

export function createExportCommand(context: CliContext): Command {
  const command = new Command()
    .description(
      "Write a function and its runtime as one folder for plain `docker build` and `docker run`; with -f a whole " +
        "project, functions' sources included, as a document for `slipway apply`.",
    )
    .argument("[source]", "folder of the function")
    .argument("[destination]", "folder to make; it must not exist")
    .option("--name <name>", "its name (default: from slipway.yml, else the folder's)")
    .option("-f, --file <file>", "the project's document to write, its sources in a folder beside it")
    .option("--force", "with -f: replace what is there")
    .addOption(projectOption())
    .action((source: string | undefined, destination: string | undefined, options: ExportOptions) =>
      options.file === undefined
        ? exportFunction(source, destination, options, context)
        : exportWhole(source, options.file, options, context),
    );
  return withExamples(command, [
    ["slipway export hello /tmp/hello", "then: docker build -t hello /tmp/hello"],
    ["slipway export -f shop.yml --project shop", "then: slipway apply -f shop.yml"],
  ]);
}

async function exportWhole(
  source: string | undefined,
  file: string,
  { name, project, force }: ExportOptions,
  context: CliContext,
): Promise<void> {
  if (source !== undefined || name !== undefined)
    throw new UsageError("With -f a whole project is exported: no function is named.", {
      remedy: "Name the project: slipway export -f FILE --project PROJECT",
    });
  await exportProject({ file, project, force: force === true }, context);
}

async function exportFunction(
  source: string | undefined,
  destination: string | undefined,
  { name, project, force }: ExportOptions,
  context: CliContext,
): Promise<void> {
  if (source === undefined || destination === undefined)
    throw new UsageError("Missing: the folder of the function, and the folder to make.", {
      remedy: "slipway export FOLDER DESTINATION, or for a whole project: slipway export -f FILE",
    });
  if (project !== undefined || force === true)
    throw new UsageError("--project and --force go with -f.", { remedy: "See `slipway help export`." });
  await useWorkshop(context, async ({ builds }) => {
    const { output, deps, signal } = context;
    const fn = await builds.open(resolve(deps.cwd, source), { name });
    signal.throwIfAborted();
    const folder = resolve(deps.cwd, destination);
    const notes = await builds.exportTo(fn, folder);
    for (const note of [...fn.notes, ...notes]) output.note(note);
    output.result({ name: fn.name, folder, notes }, folder);
  });
}
