/**
 * The program `slipway`: from the words typed to an exit status. Loads the parser and a command's file only when that
 * command is called, so that `--version` and `help` answer at once.
 */

import { CliContext } from "./cli-context.ts";
import type { CliDeps } from "./cli-deps.ts";
import type { CommandEntry } from "./command-entry.ts";
import { EXIT_OK, exitStatusOf, UsageError } from "./exit-codes.ts";
import { findCommand } from "./find-command.ts";
import { normalizeArgv } from "./normalize-argv.ts";
import { topHelp } from "./top-help.ts";

export type Program = {
  /** Runs the command that `argv` (without node and script) names. Answers the exit status; never throws. */
  run(argv: readonly string[]): Promise<number>;
};

export function createProgram(deps: CliDeps): Program {
  return { run: (argv) => run(normalizeArgv(argv), deps) };
}

async function run(argv: readonly string[], deps: CliDeps): Promise<number> {
  const isJson = argv.slice(0, indexOrEnd(argv, "--")).includes("--json");
  const context = new CliContext(deps, isJson);
  try {
    const found = findCommand(argv);
    if (found.kind === "version") context.output.result({ version: deps.version }, deps.version);
    else if (found.kind === "help") context.output.text(topHelp(found.prefix, context.output.columns));
    else if (found.kind === "complete") await complete(found.words, context);
    else await runCommand(found.entry, found.rest, context);
    return EXIT_OK;
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    reportError(error, isJson, deps);
    return exitStatusOf(error);
  } finally {
    context.close();
  }
}

async function runCommand(entry: CommandEntry, rest: readonly string[], context: CliContext): Promise<void> {
  const { CommanderError } = await import("commander");
  const { loadCommand } = await import("./load-command.ts");
  const command = await loadCommand(entry, context);
  try {
    await command.parseAsync(rest, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    throw new UsageError(sentenceOf(error.message), { remedy: `See \`slipway help ${entry.words}\`.` });
  }
}

async function complete(words: readonly string[], context: CliContext): Promise<void> {
  const { answerCompletion } = await import("./answer-completion.ts");
  await answerCompletion(words, context);
}

/** `error: missing required argument 'name'` → `Missing required argument 'name'.` */
function sentenceOf(message: string): string {
  const text = message.replace(/^error: /, "").replaceAll("\n", " ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.)]?$/, (end) => (end === "." ? end : `${end}.`))}`;
}

function indexOrEnd(words: readonly string[], word: string): number {
  const index = words.indexOf(word);
  return index < 0 ? words.length : index;
}
