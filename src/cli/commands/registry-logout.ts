/** `slipway registry logout`: the server forgets a registry's login. */

import { Command } from "commander";
import { normalizeRegistryHost } from "../../domain/registry.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createRegistryLogoutCommand(context: CliContext): Command {
  const command = new Command().argument("<host>", "registry").action(async (typed: string) => {
    const host = normalizeRegistryHost(typed);
    await (await context.connect()).logOutOfRegistry(host);
    context.output.result({ deleted: host }, `${host}: login forgotten`);
  });
  return withExamples(command, [["slipway registry logout ghcr.io", "images that are here already stay"]]);
}
