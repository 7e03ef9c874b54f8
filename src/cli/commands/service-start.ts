/** `slipway service start`. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createServiceActionCommand } from "../service-action.ts";

export function createServiceStartCommand(context: CliContext): Command {
  return createServiceActionCommand(context, "start", [["slipway service start db", "at the scale it had"]]);
}
