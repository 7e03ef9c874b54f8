/** `slipway logs`: what all instances wrote, each in a colour of its own, or with --build the log of the last build. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import type { LogLineView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { hintingAtNames } from "../known-name.ts";
import { localLogs } from "../local/local-functions.ts";
import { type LocalOption, localOption, refuseWithLocal } from "../local/use-workshop.ts";
import { followLogLines } from "../log-line-follower.ts";
import type { Output } from "../output.ts";
import { orImageService } from "../project-scope.ts";
import { LOST, showServiceLogs } from "../service-log-lines.ts";

const DEFAULT_LINES = 100;
const MOST_LINES = 10_000;

type LogsOptions = LocalOption & {
  readonly follow?: true;
  readonly tail: number;
  readonly build?: true;
  readonly project?: string;
};

export function createLogsCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<name>", "function, or image service of the project")
    .option("-f, --follow", "go on with new lines until Ctrl-C; with --json one document per line")
    .option("-n, --tail <lines>", "how many past lines", wholeNumber(0, MOST_LINES), DEFAULT_LINES)
    .option("-b, --build", "the log of the last build instead")
    .addOption(projectOption())
    .addOption(localOption())
    .action(async (name: string, options: LogsOptions) => {
      if (options.local === true) {
        refuseWithLocal(options, { project: undefined, build: undefined });
        return localLogs(name, options, context);
      }
      const client = await context.connect();
      const ref = { name, project: options.project };
      await orImageService(
        client,
        ref,
        () =>
          hintingAtNames(client, ref, () =>
            options.build === true
              ? showBuildLog(client, ref, options, context)
              : showLogs(client, ref, options, context),
          ),
        (scope) => showServiceLogs(scope, name, options, context),
      );
    });
  return withExamples(command, [
    ["slipway logs hello", "the last 100 lines"],
    ["slipway logs hello --follow --tail 0", "only what comes from now on"],
    ["slipway logs hello --build", "why the last build went as it did"],
  ]);
}

async function showLogs(client: ApiClient, ref: FunctionRef, options: LogsOptions, context: CliContext): Promise<void> {
  const { output, signal } = context;
  const isFollowing = options.follow === true;
  const open = (tail: number) => client.logs(ref, { tail, follow: isFollowing }, signal);
  const { tail } = options;
  const onLost = (): void => output.warn(LOST);
  const lines = isFollowing ? followLogLines({ tail, open, signal, onLost }) : open(tail);
  if (output.isJson && !isFollowing) {
    output.result(await collected(lines), "");
    return;
  }
  for await (const line of lines) writeLine(output, line);
}

function writeLine(output: Output, line: LogLineView): void {
  if (output.isJson) output.jsonLine(line);
  else output.text(`${output.style.byKey(`${line.instance} |`, line.instance)} ${line.line}\n`);
}

async function showBuildLog(
  client: ApiClient,
  ref: FunctionRef,
  options: LogsOptions,
  { output, signal }: CliContext,
): Promise<void> {
  const deployment = (await client.getFunction(ref)).latest_deployment;
  if (deployment === null) {
    throw new AppError("not_found", `${ref.name} has never been built.`, {
      remedy: "Deploy it: slipway deploy FOLDER",
    });
  }
  const pieces = client.buildLog(ref, deployment.id, options.follow === true, signal);
  if (output.isJson) {
    output.result({ deployment: deployment.id, log: (await collected(pieces)).join("") }, "");
    return;
  }
  for await (const piece of pieces) output.raw(piece);
}

async function collected<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
