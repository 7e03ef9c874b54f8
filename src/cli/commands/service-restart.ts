/** `slipway service restart`. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createServiceActionCommand } from "../service-action.ts";

export function createServiceRestartCommand(context: CliContext): Command {
  return createServiceActionCommand(context, "restart", [
    ["slipway service restart db", "returns once the new instances are ready"],
  ]);
}
