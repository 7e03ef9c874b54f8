/** What the table of commands says of each of them. */

import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";

export type CommandFactory = (context: CliContext) => Command;
export type CommandGroup = "Server" | "Functions" | "Projects" | "Runtimes" | "This machine" | "People";

export type CommandEntry = {
  /** Words after `slipway`, e.g. `runtime list`. */
  readonly words: string;
  readonly summary: string;
  /** Under which heading the help lists it. */
  readonly group: CommandGroup;
  readonly load: () => Promise<CommandFactory>;
};
