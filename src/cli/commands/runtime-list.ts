/** `slipway runtime list`: what source can be built with. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { renderTable } from "../table.ts";

export function createRuntimeListCommand(context: CliContext): Command {
  const command = new Command().action(async () => {
    const client = await context.connect();
    const runtimes = await client.listRuntimes();
    const rows = runtimes.map((r) => [
      context.output.style.bold(r.name),
      r.origin,
      r.protocol,
      String(r.default_port),
      r.description,
    ]);
    context.output.result(runtimes, renderTable(["NAME", "ORIGIN", "PROTOCOL", "PORT", "DESCRIPTION"], rows));
  });
  return withExamples(command, [["slipway runtime list", "built-in and uploaded ones"]]);
}
