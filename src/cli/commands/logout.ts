/** `slipway logout`: forgets the stored login. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { credentialsPath, removeCredentials } from "../credentials.ts";

export function createLogoutCommand({ deps, output }: CliContext): Command {
  const command = new Command().action(async () => {
    await removeCredentials(deps);
    output.result({ removed: credentialsPath(deps) }, "Logged out.");
  });
  return withExamples(command, [["slipway logout", "the server keeps running, of course"]]);
}
