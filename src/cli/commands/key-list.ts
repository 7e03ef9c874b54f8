/** `slipway key list`: the own API keys, never their tokens. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { renderTable } from "../table.ts";
import { formatAge, shortId } from "../text-format.ts";

export function createKeyListCommand(context: CliContext): Command {
  const { deps, output } = context;
  const command = new Command().action(async () => {
    const keys = await (await context.connect()).people.listApiKeys();
    const rows = keys.map((key) => [
      output.style.bold(shortId(key.id)),
      `${key.prefix}…`,
      key.description,
      key.expires_at ?? "never",
      key.last_used_at === null ? "never" : `${formatAge(key.last_used_at, deps.now())} ago`,
    ]);
    output.result(
      keys,
      rows.length === 0 ? "No API keys." : renderTable(["ID", "TOKEN", "DESCRIPTION", "EXPIRES", "USED"], rows),
    );
  });
  return withExamples(command, [["slipway key list", "of the user you are logged in as"]]);
}
