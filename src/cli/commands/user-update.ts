/** `slipway user update`: changes somebody's data, role or password. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { findUser, generatePassword, readPassword, roleOption } from "../user-words.ts";

type UpdateOptions = {
  readonly email?: string;
  readonly name?: string;
  readonly role?: string;
  readonly passwordStdin?: true;
  readonly newPassword?: true;
};

export function createUserUpdateCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<user>", "e-mail or id")
    .option("--email <email>", "new e-mail")
    .option("--name <name>", "new name")
    .addOption(roleOption())
    .option("--password-stdin", "read a new password from standard input")
    .option("--new-password", "generate a new password and print it once")
    .action(async (typed: string, options: UpdateOptions) => {
      const { email, name, role, passwordStdin, newPassword } = options;
      requireChange(options);
      const generated = newPassword === true ? generatePassword() : undefined;
      const password = passwordStdin === true ? await readPassword(context) : generated;
      const client = await context.connect();
      const { id } = await findUser(client, typed);
      const user = await client.people.updateUser(id, { email, name, role, password });
      const lines = [
        `${user.email}: ${user.name}, ${user.role}`,
        ...(generated === undefined ? [] : [`Password, shown this once: ${generated}`]),
      ];
      context.output.result(generated === undefined ? user : { ...user, password: generated }, lines.join("\n"));
    });
  return withExamples(command, [
    ["slipway user update ann@example.com --role admin", "ends Ann's sessions; API keys follow the role"],
    ["slipway user update ann@example.com --new-password", "when Ann forgot it"],
  ]);
}

function requireChange(options: UpdateOptions): void {
  if (options.passwordStdin === true && options.newPassword === true)
    throw new UsageError("Give --password-stdin or --new-password, not both.");
  if (Object.keys(options).length > 0) return;
  throw new UsageError("Nothing is to be changed.", { remedy: "Say what: slipway help user update" });
}
