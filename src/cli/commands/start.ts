/** `slipway start`: lets a stopped function run again. */

import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { createActionCommand } from "../function-action.ts";

export function createStartCommand(context: CliContext): Command {
  return createActionCommand(context, "start", [["slipway start hello", "it answers again once an instance is ready"]]);
}
