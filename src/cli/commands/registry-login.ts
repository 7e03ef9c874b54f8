/** `slipway registry login`: the server keeps a login, sealed, once the registry has accepted it. */

import { Command } from "commander";
import { normalizeRegistryHost } from "../../domain/registry.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { askSecret, askText, canAsk, readStdin } from "../prompt.ts";

type LoginOptions = { readonly username?: string; readonly passwordStdin?: true };

export function createRegistryLoginCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<host>", "registry, as at the start of its images' names; docker.io for Docker Hub")
    .option("-u, --username <name>", "user or token name")
    .option("--password-stdin", "read the password from standard input instead of asking for it")
    .action(async (typed: string, options: LoginOptions) => {
      const host = normalizeRegistryHost(typed);
      const username = options.username ?? (await askUsername(host, context));
      const password = await readPassword(host, username, options.passwordStdin === true, context);
      const client = await context.connect();
      const registry = await client.logInToRegistry({ host, username, password });
      context.output.result(registry, `${registry.host}: logged in as ${registry.username}`);
    });
  return withExamples(command, [
    ["slipway registry login ghcr.io -u ann", "asks for the password"],
    ["slipway registry login reg.example.com:5000 -u ann --password-stdin < FILE", "for a script"],
  ]);
}

async function askUsername(host: string, { deps }: CliContext): Promise<string> {
  if (canAsk(deps)) return askText(deps, `User at ${host}`);
  throw new UsageError("There is no terminal to ask for the user.", { remedy: "Name it: --username NAME" });
}

async function readPassword(host: string, username: string, isOnStdin: boolean, { deps }: CliContext): Promise<string> {
  if (!isOnStdin && !canAsk(deps)) {
    throw new UsageError("There is no terminal to ask for the password.", {
      remedy: `Hand it over: slipway registry login ${host} -u ${username} --password-stdin < FILE`,
    });
  }
  const password = isOnStdin ? await readStdin(deps) : await askSecret(deps, `Password of ${username} at ${host}`);
  if (password === "") throw new UsageError("The password is empty.", { remedy: "Hand over the registry's password." });
  return password;
}
