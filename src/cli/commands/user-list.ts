/** `slipway user list`: who may sign in. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { renderTable } from "../table.ts";

export function createUserListCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command().action(async () => {
    const users = await (await context.connect()).people.listUsers();
    const rows = users.map((user) => [output.style.bold(user.email), user.name, user.role, user.created_at]);
    const text = "No users yet. Add one: slipway user create EMAIL";
    output.result(users, rows.length === 0 ? text : renderTable(["EMAIL", "NAME", "ROLE", "SINCE"], rows));
  });
  return withExamples(command, [["slipway user list", "for admins"]]);
}
