/**
 * `slipway deploy`: what lies at a path goes up, is built, and serves at the end; a name instead of a path replaces that
 * function's out-of-date instances by what was built last.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { AppError, isAppError } from "../../domain/errors.ts";
import { requireServiceName } from "../../domain/names.ts";
import { nearest } from "../../lib/nearest.ts";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { DeployAnswer } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";
import { addDeployFlags, type DeployOptions, jobOf, LEFT_OUT } from "../deploy-flags.ts";
import { awaitOutcome, deploySource } from "../deploy-source.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { localUp } from "../local/local-build.ts";
import { localDeploy } from "../local/local-functions.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";
import { Progress } from "../progress.ts";
import { takeBack } from "../take-back.ts";

/** Flags that say how a source is built or run, and nothing where there is none. */
const SOURCE_FLAGS = ["name", "runtime", "port", "volume", "env", "replicas"] as const;
const WHAT_TO_NAME = "Name a folder, a zip or a tar.gz, for example: slipway deploy examples/hello";

export function createDeployCommand(context: CliContext): Command {
  const command = new Command()
    .description(
      "Upload a folder, zip or tar.gz, build it, and wait until it answers; or roll out what was built last of a " +
        "function. Prints its URL.",
    )
    .argument("<name|folder|archive>", "a path where there is one, else a function's name")
    .addOption(localOption())
    .action((typed: string, options: DeployOptions & LocalOption) =>
      options.local === true ? deployLocally(typed, options, context) : deploy(typed, options, context),
    );
  return withExamples(withNote(addDeployFlags(command), LEFT_OUT), [
    ["slipway deploy examples/hello", "named hello, runtime told from its files"],
    ["slipway deploy . --name shop --port 3000 --env LEVEL=info", "the present folder"],
    ["slipway deploy app.zip --runtime python --volume ./data:/data", "an archive, with stored data"],
    ["slipway deploy hello", "what `slipway build` made; replaces instances out of date"],
    ['curl "$(slipway deploy examples/hello)"', "standard output is the URL alone"],
  ]);
}

function deployLocally(typed: string, options: DeployOptions, context: CliContext): Promise<void> {
  if (existsSync(resolve(context.deps.cwd, typed))) return localUp([typed], options, context);
  requireName(typed, options);
  return localDeploy(typed, context);
}

async function deploy(typed: string, options: DeployOptions, context: CliContext): Promise<void> {
  const { output, deps } = context;
  const isPath = existsSync(resolve(deps.cwd, typed));
  if (!isPath) requireName(typed, options);
  const client = await context.connect();
  const progress = new Progress(deps, output.isJson);
  try {
    const answer = isPath
      ? await deploySource(jobOf(typed, options, false), client, progress, context)
      : await deployBuilt({ name: typed, project: options.project }, options.wait !== false, client, progress, context);
    const hasNews = isPath || !answer.unchanged;
    if (options.wait !== false && hasNews) progress.done(`${answer.function.name} is up`);
    output.result(answer, answer.function.url);
  } finally {
    progress.stop();
  }
}

/** @throws UsageError for what is no path and can't be a name, or comes with flags that need a source */
function requireName(typed: string, options: DeployOptions): void {
  try {
    requireServiceName(typed, []);
  } catch (cause) {
    throw new UsageError(`There is no ${typed} here that can be read, and it can't be a function's name.`, {
      cause,
      remedy: WHAT_TO_NAME,
    });
  }
  const flag = SOURCE_FLAGS.find((name) => options[name] !== undefined);
  if (flag === undefined) return;
  throw new UsageError(`There is no ${typed} here that can be read, and --${flag} needs a folder or an archive.`, {
    remedy: WHAT_TO_NAME,
  });
}

async function deployBuilt(
  ref: FunctionRef,
  waits: boolean,
  client: ApiClient,
  progress: Progress,
  context: CliContext,
): Promise<DeployAnswer> {
  progress.step(`deploying ${ref.name}`);
  const answer = await orSayBoth(client, ref, () => client.deployBuilt(ref));
  if (answer.unchanged) {
    progress.lines(`${answer.message ?? "all instances are up to date"}\n`);
    return answer;
  }
  try {
    return waits ? await awaitOutcome(answer, ref, client, progress, context) : answer;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw await takeBack(client, ref, answer.deployment.id, true, error);
  }
}

/** There may have been a path or a name in mind: the error is about both. */
async function orSayBoth<T>(client: ApiClient, ref: FunctionRef, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
    const names = (await client.listFunctions(ref.project)).map((view) => view.name);
    if (names.includes(ref.name)) throw error;
    const near = nearest(ref.name, names);
    const hint = near === undefined ? "" : ` Did you mean ${near}?`;
    throw new AppError(
      "not_found",
      `There is neither a folder or archive ${ref.name} here nor a function of that name.${hint}`,
      { cause: error, remedy: "`slipway list` shows the functions; a path may start with ./ or /." },
    );
  }
}
