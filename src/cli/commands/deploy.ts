/** `slipway deploy`: a folder or archive goes up, its build log comes back, and at the end stands the URL. */

import { Command } from "commander";
import { isAppError } from "../../domain/errors.ts";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { DeployAnswer, FunctionManifest } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { collect, collectPairs, projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { Interrupted } from "../exit-codes.ts";
import { followDeployment } from "../follow-deployment.ts";
import { type ManifestFlags, manifestOf } from "../function-manifest.ts";
import { Progress } from "../progress.ts";
import { openSource, type SourceUpload } from "../source-upload.ts";
import { formatBytes, plural } from "../text-format.ts";

const LARGEST_PORT = 65_535;
const MOST_REPLICAS = 100;

type DeployOptions = ManifestFlags & { readonly project?: string; readonly wait?: boolean };

export function createDeployCommand(context: CliContext): Command {
  const command = new Command()
    .description("Upload a folder, zip or tar.gz, build it, and wait until it answers. Prints its URL.")
    .argument("<folder|archive>", "what to deploy")
    .option("--name <name>", "its name (default: from slipway.yml, else the folder's)")
    .option("--runtime <runtime>", "what to build it with (default: told from its files)")
    .option("--port <port>", "the port the app listens on", wholeNumber(1, LARGEST_PORT))
    .option("--volume <source:target>", "data that stays, e.g. ./data:/data (repeatable)", collect)
    .option("--env <KEY=value>", "an environment variable (repeatable)", collectPairs)
    .option("--replicas <count>", "how many instances", wholeNumber(1, MOST_REPLICAS))
    .option("--wait", "wait until it serves or has failed (the default)")
    .option("--no-wait", "return as soon as it is uploaded")
    .addOption(projectOption())
    .addHelpText(
      "after",
      "\nLeft out of a folder: .git, __pycache__, node_modules beside a package.json (`!node_modules` keeps it), and\n" +
        "what .slipwayignore names; without that file .dockerignore. Both are in .dockerignore's syntax.",
    )
    .action((path: string, options: DeployOptions) => deploy(path, options, context));
  return withExamples(command, [
    ["slipway deploy examples/hello", "named hello, runtime told from its files"],
    ["slipway deploy . --name shop --port 3000 --env LEVEL=info", "the present folder"],
    ["slipway deploy app.zip --runtime python --volume ./data:/data", "an archive, with stored data"],
    ['curl "$(slipway deploy examples/hello)"', "standard output is the URL alone"],
  ]);
}

async function deploy(path: string, options: DeployOptions, context: CliContext): Promise<void> {
  const { output, deps, signal } = context;
  const source = await openSource(path, deps.cwd);
  if (source.skipped.length > 0) output.warn(`not uploaded, since they are no files: ${source.skipped.join(", ")}`);
  const manifest = await manifestOf(options, source);
  const client = await context.connect();
  const ref = { name: manifest.name, project: options.project };
  const progress = new Progress(deps, output.isJson);
  try {
    const answer = await upload(client, manifest, source, options.project, progress, signal);
    if (answer.detected !== null) progress.lines(`detected: ${answer.detected}\n`);
    if (answer.unchanged) progress.lines("nothing has changed\n");
    const final = options.wait !== false ? await waitFor(client, ref, answer, progress, context) : answer;
    progress.stop();
    output.result(final, final.function.url);
  } finally {
    progress.stop();
  }
}

async function upload(
  client: ApiClient,
  manifest: FunctionManifest,
  source: SourceUpload,
  project: string | undefined,
  progress: Progress,
  signal: AbortSignal,
): Promise<DeployAnswer> {
  const what = source.fileCount === undefined ? source.fileName : plural(source.fileCount, "file");
  progress.step(`uploading ${what} (${formatBytes(source.totalBytes)}) as ${manifest.name}`);
  let readBytes = 0;
  const content = source.open((bytes) => {
    readBytes += bytes;
    progress.update(`uploading ${what}: ${formatBytes(readBytes)} of ${formatBytes(source.totalBytes)}`);
  });
  return client.deploy(manifest, { fileName: source.fileName, content }, { project, signal });
}

/** The function as it is once the deployment serves. Ctrl-C takes the deployment back. */
async function waitFor(
  client: ApiClient,
  ref: FunctionRef,
  answer: DeployAnswer,
  progress: Progress,
  { deps, signal }: CliContext,
): Promise<DeployAnswer> {
  try {
    const deployment = await followDeployment(answer.deployment, { client, ref, progress, signal, now: deps.now });
    const isAsAnswered = deployment === answer.deployment;
    return { ...answer, function: isAsAnswered ? answer.function : await client.getFunction(ref), deployment };
  } catch (error) {
    if (error instanceof Interrupted) throw await cancel(client, ref, answer.deployment.id, error);
    throw error;
  }
}

async function cancel(client: ApiClient, ref: FunctionRef, id: string, interrupted: Interrupted): Promise<Interrupted> {
  try {
    await client.cancelDeployment(ref, id);
    return new Interrupted(`The deployment of ${ref.name} was cancelled.`, { cause: interrupted });
  } catch (error) {
    if (!isAppError(error)) throw error;
    return new Interrupted(`Interrupted; the deployment could not be cancelled: ${error.message}`, { cause: error });
  }
}
