/** Examples under a command's help, and the arguments and options that several commands share. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { wrapWords } from "./text-format.ts";

/** Longer lines are hard to read, in characters. */
export const WIDEST_NOTE = 100;

export type Example = readonly [commandLine: string, meaning: string];

/** Adds the section `Examples:`; every command has one. Where the terminal is narrow the meaning stands above its line. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  return command.addHelpText("after", ({ command: shown }) => {
    const width = Math.max(...examples.map(([line]) => line.length));
    const rows = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  # ${meaning}`);
    const isNarrow = rows.some((row) => row.length > roomOf(shown));
    const lines = isNarrow ? examples.flatMap(([line, meaning]) => [`  # ${meaning}`, `  ${line}`]) : rows;
    return `\nExamples:\n${lines.join("\n")}`;
  });
}

/** Adds a paragraph below the options. */
export function withNote(command: Command, text: string): Command {
  return command.addHelpText("after", ({ command: shown }) => {
    const width = Math.min(roomOf(shown), WIDEST_NOTE);
    return `\n${wrapWords(text, width).join("\n")}`;
  });
}

/** A terminal's width; where there is none, lines of examples are as long as they are. */
function roomOf(command: Command): number {
  const width = command.configureOutput().getOutHelpWidth?.() ?? WIDEST_NOTE;
  return width >= WIDEST_NOTE ? Number.POSITIVE_INFINITY : width;
}

export function projectOption(): Option {
  return new Option("-p, --project <project>", "slug, name or id (default: `slipway project use`, else default)");
}

/** A parser for whole numbers in a range, both ends included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Collects `KEY=value` pairs; a later one replaces an earlier one of that key. */
export function collectPairs(pair: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = pair.indexOf("=");
  const key = pair.slice(0, equals);
  if (equals > 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return { ...before, [key]: pair.slice(equals + 1) };
  throw new InvalidArgumentError("It must be KEY=value, the key made of letters, digits and _.");
}
