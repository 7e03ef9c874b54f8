/** Loads a command's file and gives the command what all of them share: name, --json, errors that are thrown. */

import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";
import type { CommandEntry } from "./command-entry.ts";
import { WIDEST_NOTE } from "./command-help.ts";

/** Beside narrower columns nothing can be read any more, in characters. */
const NARROWEST_MEANING = 20;

/** The command of an entry, with what all commands share. */
export async function loadCommand(entry: CommandEntry, context: CliContext): Promise<Command> {
  const create = await entry.load();
  const command = create(context).name(`slipway ${entry.words}`);
  if (command.description() === "") command.description(entry.summary);
  command.option("--json", "print one JSON document");
  command.configureHelp({ minWidthToWrap: NARROWEST_MEANING });
  return command.exitOverride().configureOutput({
    writeOut: (text) => context.output.text(text),
    // What is wrong travels in the error and is reported once, by reportError.
    writeErr: () => undefined,
    getOutHasColors: () => false,
    getOutHelpWidth: () => Math.min(WIDEST_NOTE, context.output.columns ?? WIDEST_NOTE),
  });
}
