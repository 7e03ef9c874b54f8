/** `slipway reload`: new code takes over, the old finishes what it has begun. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createReloadCommand(context: CliContext): Command {
  const command = new Command().action(async () => {
    const client = await context.connect();
    await client.reload();
    context.output.result({ reloading: true }, `${client.url} hands over to new code.`);
  });
  return withExamples(command, [["slipway reload", "after an upgrade of the code"]]);
}
