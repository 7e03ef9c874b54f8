/** `slipway restore`: a server becomes what it was when a backup was made. What is there now is kept aside. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { AppError, isAppError } from "../../domain/errors.ts";
import type { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { Progress } from "../progress.ts";
import { askYesNo, canAsk } from "../prompt.ts";
import type { StagedRestoreView } from "../system-views.ts";

type RestoreOptions = { readonly dataDir?: string; readonly yes?: true };

/** How long the server may take to be back, in milliseconds. */
const BACK_LIMIT_MS = 180_000;
const LOOK_EVERY_MS = 250;
const LOOK_LIMIT_MS = 20_000;

export function createRestoreCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<file>", "what `slipway backup` has written; - is standard input")
    .option("--data-dir <folder>", "into the data folder of a server that does not run")
    .option("-y, --yes", "do not ask")
    .action(async (file: string, options: RestoreOptions) => {
      if (file !== "-") await requireFile(resolve(context.deps.cwd, file));
      if (options.yes !== true) await confirm(file, options.dataDir, context);
      if (options.dataDir === undefined) await toServer(file, context);
      else await toFolder(file, resolve(context.deps.cwd, options.dataDir), context);
    });
  withNote(
    command,
    "What was there before is kept in the data folder as restore.previous-…; remove it when all is well. The passkey is the backup's afterwards.",
  );
  return withExamples(command, [
    ["slipway restore slipway.tar.gz", "functions answer meanwhile"],
    ["sudo slipway restore slipway.tar.gz --data-dir /var/lib/slipway", "before the server is started"],
  ]);
}

async function toServer(file: string, context: CliContext): Promise<void> {
  const client = await context.connect();
  const { started_at: startedAt } = (await client.system.about()).slipway;
  const progress = new Progress(context.deps, context.output.isJson);
  try {
    progress.step("sending the backup; the server checks it");
    const staged = await client.system.restore(readerOf(file, context), context.signal);
    progress.step("restoring");
    const isKnown = await waitUntilBack(client, startedAt, context.signal);
    progress.stop();
    report(staged, context);
    if (!isKnown) context.output.warn("the passkey is the backup's now; log in with it: slipway login");
  } finally {
    progress.stop();
  }
}

async function toFolder(file: string, dataDir: string, context: CliContext): Promise<void> {
  const maintenance = await context.deps.openMaintenance();
  report(viewOf(await maintenance.restore(bytesOf(file, context), dataDir)), context);
}

function report(staged: StagedRestoreView, { output }: CliContext): void {
  const { created_at, version, previous } = staged;
  output.result(staged, `Restored the state of ${created_at} (slipway ${version}). What was there before: ${previous}`);
}

function viewOf({
  header,
  files,
  bytes,
  previous,
}: Awaited<ReturnType<Awaited<ReturnType<CliContext["deps"]["openMaintenance"]>>["restore"]>>): StagedRestoreView {
  return {
    version: header.slipway,
    server_id: header.serverId,
    created_at: new Date(header.createdAt).toISOString(),
    ...{ has_volumes: header.hasVolumes, files, bytes, previous },
  };
}

/** False when it is back and does not know this token any more. @throws AppError `timeout` */
async function waitUntilBack(client: ApiClient, startedAt: string, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + BACK_LIMIT_MS; performance.now() < end; ) {
    try {
      if ((await client.system.about(LOOK_LIMIT_MS)).slipway.started_at !== startedAt) return true;
    } catch (error) {
      if (isAppError(error, "unauthorized")) return false;
      const isAway = ["unavailable", "bad_gateway", "timeout"].some((code) => isAppError(error) && error.code === code);
      if (!isAway) throw error;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new AppError("timeout", "The server is not back after the restore.", { remedy: "Look at its log." });
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return;
  throw new AppError("not_found", `There is no file ${path}.`);
}

function bytesOf(file: string, { deps }: CliContext): AsyncIterable<Uint8Array> {
  return file === "-" ? deps.stdin : createReadStream(resolve(deps.cwd, file), { highWaterMark: 256 * 1024 });
}

function readerOf(file: string, context: CliContext): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(bytesOf(file, context), { objectMode: false })) as ReadableStream<Uint8Array>;
}

async function confirm(file: string, dataDir: string | undefined, { deps }: CliContext): Promise<void> {
  const what = `${dataDir ?? "the server"} with the state of ${file}`;
  if (!canAsk(deps) || file === "-") {
    throw new UsageError(`This would replace ${what}.`, { remedy: "Say that you mean it: add --yes." });
  }
  if (!(await askYesNo(deps, `Replace ${what}?`))) throw new Interrupted("Nothing was restored.");
}
