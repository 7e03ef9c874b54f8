/** `slipway runtime delete`: removes an uploaded runtime; built-in ones and those in use stay. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createRuntimeDeleteCommand(context: CliContext): Command {
  const command = new Command().argument("<runtime>", "runtime").action(async (name: string) => {
    const client = await context.connect();
    await client.deleteRuntime(name);
    context.output.result({ deleted: [name] }, `${name}: deleted`);
  });
  return withExamples(command, [["slipway runtime delete deno", "a built-in one it may have hidden is back"]]);
}
