/** `slipway stop`: ends a function's instances and keeps everything else. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createActionCommand } from "../function-action.ts";

export function createStopCommand(context: CliContext): Command {
  return createActionCommand(context, "stop", [["slipway stop hello", "requests get 503 until it is started again"]]);
}
