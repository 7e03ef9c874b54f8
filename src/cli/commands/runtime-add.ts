/** `slipway runtime add`: a Dockerfile becomes a runtime; one of that name is replaced. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { requireRuntimeName } from "../../domain/names.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";

export function createRuntimeAddCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<runtime>", "its name")
    .argument("<file>", "the Dockerfile")
    .action(async (name: string, file: string) => {
      requireRuntimeName(name);
      const content = await readDockerfile(resolve(context.deps.cwd, file), file);
      const client = await context.connect();
      const runtime = await client.putRuntime(name, content);
      context.output.result(runtime, `${name}: stored. Use it: slipway deploy FOLDER --runtime ${name}`);
    });
  return withExamples(command, [
    ["slipway runtime add deno ./deno.Dockerfile", "then: slipway deploy app --runtime deno"],
  ]);
}

async function readDockerfile(path: string, typed: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${typed} can't be read: ${words}.`, { cause, remedy: "Name a readable Dockerfile." });
  }
}
