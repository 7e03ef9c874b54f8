/** `slipway service stop`. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createServiceActionCommand } from "../service-action.ts";

export function createServiceStopCommand(context: CliContext): Command {
  return createServiceActionCommand(context, "stop", [
    ["slipway service stop db", "everything but its instances is kept"],
  ]);
}
