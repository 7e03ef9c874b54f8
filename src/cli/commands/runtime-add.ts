/** `slipway runtime add`: a Dockerfile or a runtime folder becomes a runtime; one of that name is replaced. */

import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { requireRuntimeName } from "../../domain/names.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { openSource } from "../source-upload.ts";

const ARCHIVE_ENDING = /\.(zip|tar\.gz|tgz)$/i;

export function createRuntimeAddCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<runtime>", "its name")
    .argument("<path>", "the Dockerfile, or a runtime's folder (also as zip or tar.gz)")
    .action(async (name: string, path: string) => {
      requireRuntimeName(name);
      const { cwd } = context.deps;
      const isPacked = ARCHIVE_ENDING.test(path) || (await isFolder(resolve(cwd, path)));
      const source = isPacked ? await openSource(path, cwd) : undefined;
      const content = source === undefined ? await readDockerfile(resolve(cwd, path), path) : "";
      const client = await context.connect();
      const runtime =
        source === undefined
          ? await client.putRuntime(name, content)
          : await client.putRuntimeArchive(name, { fileName: source.fileName, content: source.open(() => undefined) });
      context.output.result(runtime, `${name}: stored. Use it: slipway deploy FOLDER --runtime ${name}`);
    });
  return withExamples(command, [
    ["slipway runtime add deno ./deno.Dockerfile", "then: slipway deploy app --runtime deno"],
    ["slipway runtime add my-express ./my-express/", "a folder with Dockerfile, README.md, template/ …"],
  ]);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    // What can't be looked at is reported where it is read.
    () => false,
  );
}

async function readDockerfile(path: string, typed: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${typed} can't be read: ${words}.`, { cause, remedy: "Name a readable Dockerfile." });
  }
}
