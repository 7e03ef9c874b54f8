/** `slipway registry list`: registries the server has a login for. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { renderTable } from "../table.ts";

export function createRegistryListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command().action(async () => {
    const registries = await (await context.connect()).listRegistries();
    const rows = registries.map((r) => [output.style.bold(r.host), r.username, r.updated_at]);
    output.result(registries, rows.length === 0 ? "No logins." : renderTable(["HOST", "USER", "SINCE"], rows));
  });
  return withExamples(command, [["slipway registry list", "hosts and users, never passwords"]]);
}
