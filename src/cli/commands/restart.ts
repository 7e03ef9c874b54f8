/** `slipway restart`: replaces a function's instances by fresh ones. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createActionCommand } from "../function-action.ts";

export function createRestartCommand(context: CliContext): Command {
  return createActionCommand(context, "restart", [["slipway restart hello", "no request is lost while it happens"]]);
}
