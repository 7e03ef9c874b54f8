/** `slipway user delete`: removes somebody with sessions and API keys. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { askYesNo, canAsk } from "../prompt.ts";
import { findUser } from "../user-words.ts";

export function createUserDeleteCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<user>", "e-mail or id")
    .option("-y, --yes", "do not ask")
    .action(async (typed: string, options: { readonly yes?: true }) => {
      const client = await context.connect();
      const user = await findUser(client, typed);
      if (options.yes !== true) await confirm(user.email, context);
      await client.people.deleteUser(user.id);
      context.output.result({ deleted: [user.email] }, `${user.email}: deleted`);
    });
  return withExamples(command, [["slipway user delete ann@example.com", "what Ann made stays"]]);
}

async function confirm(email: string, { deps }: CliContext): Promise<void> {
  if (!canAsk(deps)) {
    throw new UsageError(`This would delete ${email} with all sessions and API keys.`, {
      remedy: "Say that you mean it: add --yes.",
    });
  }
  if (!(await askYesNo(deps, `Delete ${email}?`))) throw new Interrupted("Nobody was deleted.");
}
