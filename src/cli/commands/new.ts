/** `slipway new`: a folder with a function that runs, from a runtime's template. */

import { lstat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import { isAppError } from "../../domain/errors.ts";
import type { Workshop } from "../../domain/workshop.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { requireName } from "../function-name.ts";
import { alreadyThere, runtimeWord, templateFiles, withManifest, writeNewFolder } from "../new-function.ts";
import { askChoice, canAsk } from "../prompt.ts";
import { chooseRuntime, type ListedRuntime, mergeRuntimes, registeredRuntimes } from "../runtime-choice.ts";

const DEFAULT_RUNTIME = "node";
const DEFAULT_SERVER = "http://localhost:8080";
const LIST = "list";

export function createNewCommand(context: CliContext): Command {
  const command = new Command()
    .argument("[folder]", "folder to make; its name becomes the function's")
    .option(
      "-r, --runtime <runtime>",
      `a runtime's name or folder, or \`${LIST}\` (default: asked for, else ${DEFAULT_RUNTIME})`,
    )
    .action(async (folder: string | undefined, { runtime }: { readonly runtime?: string }) => {
      const workshop = await context.deps.openWorkshop();
      try {
        if (runtime === LIST) await list(workshop, context);
        else await create(folder, runtime, workshop, context);
      } finally {
        await workshop.close();
      }
    });
  return withExamples(command, [
    ["slipway new -r list", "what can be chosen from"],
    ["slipway new -r express hello", "then: slipway up hello"],
    ["slipway new -r ./my-runtime hello", "a runtime of your own, as a folder"],
  ]);
}

async function list(workshop: Workshop, context: CliContext): Promise<void> {
  const runtimes = await allRuntimes(workshop, context);
  const width = Math.max(...runtimes.map(({ name }) => name.length));
  const { style } = context.output;
  const lines = runtimes.map(
    ({ name, description, origin }) =>
      `  ${style.bold(name.padEnd(width))}  ${description}${origin === "uploaded" ? style.dim(" (of the server)") : ""}\n`,
  );
  context.output.result(runtimes, `${lines.join("")}\nOr if you have your own, use a folder name\n`);
}

async function allRuntimes(workshop: Workshop, context: CliContext): Promise<readonly ListedRuntime[]> {
  const { runtimes } = await registeredRuntimes(context);
  return mergeRuntimes(await workshop.runtimes.list(), runtimes);
}

async function create(
  typed: string | undefined,
  asked: string | undefined,
  workshop: Workshop,
  context: CliContext,
): Promise<void> {
  const { deps, output } = context;
  if (typed === undefined) {
    throw new UsageError("Which folder shall be made?", { remedy: "For example: slipway new -r node hello" });
  }
  const folder = resolve(deps.cwd, typed);
  const name = basename(folder);
  requireName(name, (near) => `Use a folder called ${near}, for example.`);
  await requireNothing(folder, typed);
  const word = asked ?? (await pickRuntime(workshop, context));
  const choice = await chooseRuntime(word, workshop, context);
  const template = await templateFiles(choice, name, folder, workshop);
  const runtime = runtimeWord(choice, folder);
  const files = withManifest(template, { name, runtime, serverUrl: await serverUrl(context) });
  await writeNewFolder(folder, typed, files);
  const paths = files.map(({ path }) => join(typed, path));
  output.result(
    { name, runtime, folder, files: files.map(({ path }) => path) },
    `${paths.map((path) => `Made ${path}\n`).join("")}\nNext: slipway up ${typed}\n`,
  );
}

/** Told before anything is asked or fetched. @throws AppError `conflict` */
async function requireNothing(folder: string, typed: string): Promise<void> {
  try {
    await lstat(folder);
  } catch {
    return;
  }
  throw alreadyThere(typed);
}

async function pickRuntime(workshop: Workshop, context: CliContext): Promise<string> {
  if (!canAsk(context.deps)) return DEFAULT_RUNTIME;
  const runtimes = await allRuntimes(workshop, context);
  const choices = runtimes.map(({ name, description }) => ({ value: name, hint: description }));
  return askChoice(context.deps, "Which runtime?", choices);
}

async function serverUrl({ deps }: CliContext): Promise<string> {
  try {
    return (await findServer(deps)).url;
  } catch (error) {
    if (isAppError(error)) return DEFAULT_SERVER;
    throw error;
  }
}
