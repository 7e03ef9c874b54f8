/** `slipway user create`: adds somebody; the password is generated and printed once, or read from standard input. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { generatePassword, readPassword, roleOption } from "../user-words.ts";

type CreateOptions = { readonly name?: string; readonly role?: string; readonly passwordStdin?: true };

export function createUserCreateCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<email>", "e-mail to sign in with")
    .option("--name <name>", "what the others see (default: the e-mail up to its @)")
    .addOption(roleOption().default("member"))
    .option("--password-stdin", "read the password from standard input instead of generating one")
    .action(async (email: string, options: CreateOptions) => {
      const isGiven = options.passwordStdin === true;
      const password = isGiven ? await readPassword(context) : generatePassword();
      const client = await context.connect();
      const name = options.name ?? email.split("@")[0];
      const user = await client.people.createUser({ email, name, role: options.role, password });
      const lines = [
        `${user.email}: created as ${user.role}`,
        ...(isGiven ? [] : [`Password, shown this once: ${password}`]),
        `Signs in with: slipway login ${client.url} --email ${user.email}`,
      ];
      context.output.result(isGiven ? user : { ...user, password }, lines.join("\n"));
    });
  return withExamples(command, [
    ["slipway user create ann@example.com --name Ann", "a member, with a generated password"],
    ["slipway user create bob@example.com --role admin --password-stdin < FILE", "an admin"],
  ]);
}
