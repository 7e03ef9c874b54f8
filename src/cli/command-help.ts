/** Examples under a command's help, and the arguments and options that several commands share. */

import { type Command, InvalidArgumentError, Option } from "commander";

export type Example = readonly [commandLine: string, meaning: string];

/** Adds the section `Examples:`; every command has one. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  # ${meaning}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

export function projectOption(): Option {
  return new Option("-p, --project <slug>", "the function's project (default: default)");
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
