/** `slipway backup`: everything a server keeps, as one file. The server goes on meanwhile. */

import { open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import { randomHex } from "../../lib/ids.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { Progress } from "../progress.ts";
import { formatBytes } from "../text-format.ts";

type BackupOptions = { readonly volumes?: true; readonly force?: true };

export function createBackupCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<file>", "where to write it; - is standard output")
    .option("--volumes", "the volumes, too; what writes to them meanwhile is copied as it is")
    .option("--force", "replace a file that is there")
    .action(async (file: string, options: BackupOptions) => {
      if (file === "-") await toStdout(context, options);
      else await toFile(resolve(context.deps.cwd, file), context, options);
    });
  return withExamples(command, [
    ["slipway backup slipway.tar.gz", "keep it as private as the server: keys and passkey are in it"],
    ["slipway backup --volumes /mnt/backup/all.tar.gz", "with the data of databases"],
    ["slipway backup - | ssh backup 'cat > slipway.tar.gz'", "to another machine"],
  ]);
}

async function toFile(path: string, context: CliContext, options: BackupOptions): Promise<void> {
  if (options.force !== true && (await stat(path).catch(() => undefined)) !== undefined) {
    throw new AppError("conflict", `${path} is there already.`, { remedy: "Choose another name, or add --force." });
  }
  const client = await context.connect();
  const temporary = `${path}.${randomHex(4)}.partial`;
  const file = await open(temporary, "wx", 0o600).catch((error: unknown) => {
    throw new AppError("invalid", `${path} can't be written: ${(error as Error).message}`, { cause: error });
  });
  const progress = new Progress(context.deps, context.output.isJson);
  let bytes = 0;
  try {
    progress.step("backing up");
    const archive = client.system.backup({ withVolumes: options.volumes === true, signal: context.signal });
    for await (const chunk of archive) {
      await file.writeFile(chunk);
      bytes += chunk.length;
      progress.update(`backing up: ${formatBytes(bytes)}`);
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  } finally {
    progress.stop();
  }
  context.output.result({ file: path, bytes }, `${path}: ${formatBytes(bytes)}`);
}

async function toStdout(context: CliContext, options: BackupOptions): Promise<void> {
  const { stdout } = context.deps;
  if (stdout.isTTY === true) {
    throw new UsageError("A backup is no text for a terminal.", { remedy: "Send it on: slipway backup - > FILE" });
  }
  const client = await context.connect();
  const archive = client.system.backup({ withVolumes: options.volumes === true, signal: context.signal });
  for await (const chunk of archive) {
    await new Promise<void>((done, fail) => stdout.write(chunk, (error) => (error ? fail(error) : done())));
  }
}
