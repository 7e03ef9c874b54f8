/** `slipway runtime show`: the Dockerfile of a runtime, as it was written. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createRuntimeShowCommand(context: CliContext): Command {
  const command = new Command().argument("<runtime>", "runtime").action(async (name: string) => {
    const client = await context.connect();
    const runtime = await client.getRuntime(name);
    context.output.result(runtime, runtime.content ?? "");
  });
  return withExamples(command, [
    ["slipway runtime show node", "the Dockerfile of a built-in one"],
    ["slipway runtime show node > Dockerfile", "a start for your own"],
  ]);
}
