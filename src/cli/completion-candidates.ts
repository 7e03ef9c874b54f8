/**
 * What may stand at the end of a command line that is being typed: commands, flags, and for arguments and flags that
 * name something (a function, a runtime) the names the server knows.
 */

import type { Command, Option } from "commander";
import type { CliContext } from "./cli-context.ts";
import type { CommandEntry } from "./command-entry.ts";
import { COMMANDS } from "./command-list.ts";
import { loadCommand } from "./load-command.ts";

/** Stands in the answer for "and files": the shell completes those itself. */
export const FILES = ":files";

/** What a name stands for, by the name of the argument or of the flag's value. */
export type NameSource = {
  functions(): Promise<readonly string[]>;
  runtimes(): Promise<readonly string[]>;
  /** Slugs. */
  projects(): Promise<readonly string[]>;
  /** Of that project; undefined: the one that commands mean. */
  services(project: string | undefined): Promise<readonly string[]>;
  presets(): Promise<readonly string[]>;
};

/** `words`: those after `slipway`, the last one being typed (it may be empty). Sorted, each once. */
export async function completionCandidates(
  words: readonly string[],
  context: CliContext,
  names: NameSource,
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const entry = entryOf(before);
  const all = entry === undefined ? nextCommandWords(before) : await inCommand(entry, before, typed, context, names);
  return [...new Set(all)].filter((word) => word === FILES || word.startsWith(typed)).sort();
}

function entryOf(before: readonly string[]): CommandEntry | undefined {
  return COMMANDS.find((c) => c.words === before.slice(0, c.words.split(" ").length).join(" "));
}

function nextCommandWords(before: readonly string[]): readonly string[] {
  const path = before[0] === "help" ? before.slice(1) : before;
  const visible = COMMANDS.map((c) => c.words.split(" "));
  const next = visible.filter((words) => path.every((word, i) => words[i] === word)).map((words) => words[path.length]);
  const help = before.length === 0 ? ["help", "--help", "--version"] : [];
  return [...next.filter((word) => word !== undefined), ...help];
}

async function inCommand(
  entry: CommandEntry,
  before: readonly string[],
  typed: string,
  context: CliContext,
  names: NameSource,
): Promise<readonly string[]> {
  const command = await loadCommand(entry, context);
  const given = before.slice(entry.words.split(" ").length);
  const last = given.at(-1);
  const open = command.options.find((option) => option.required && isFlag(option, last));
  const project = typedProject(command, given);
  if (open !== undefined) return open.argChoices ?? valuesOf(valueName(open), names, project);
  if (typed.startsWith("-")) return flagsOf(command, given);
  const argument = nextArgument(command, given);
  if (argument === undefined) return flagsOf(command, given);
  if (argument.argChoices !== undefined) return argument.argChoices;
  return (await valuesOf(argument.name(), names, project)).filter((name) => !given.includes(name));
}

function flagsOf(command: Command, given: readonly string[]): readonly string[] {
  const fresh = command.options.filter(
    (o) => o.long !== undefined && (o.parseArg !== undefined || !given.includes(o.long)),
  );
  return ["--help", ...fresh.map((option) => option.long ?? "")];
}

/** The argument that the next word would be: words that are no flags and no values of flags are counted. */
function nextArgument(command: Command, given: readonly string[]) {
  const taken = given.filter((word, i) => {
    const previous = given[i - 1];
    const isValue = command.options.some((o) => o.required && isFlag(o, previous));
    return !word.startsWith("-") && !isValue;
  }).length;
  const list = command.registeredArguments;
  const last = list.at(-1);
  return list[taken] ?? (last?.variadic === true ? last : undefined);
}

/** What `-p` or `--project` says so far. */
function typedProject(command: Command, given: readonly string[]): string | undefined {
  const flag = command.options.find((option) => valueName(option) === "project");
  if (flag === undefined) return undefined;
  return given[given.findIndex((word) => isFlag(flag, word)) + 1 || given.length];
}

function isFlag(option: Option, word: string | undefined): boolean {
  return word !== undefined && (word === option.long || word === option.short);
}

/** `runtime` of `--runtime <runtime>`. */
function valueName(option: Option): string {
  return /<(.+)>/.exec(option.flags)?.[1] ?? "";
}

const FILE_WORDS = ["file", "folder", "folders", "archive", "source", "destination"];

/** `what` is the name of an argument or of a flag's value; `name|folder` is either. */
async function valuesOf(what: string, names: NameSource, project: string | undefined): Promise<readonly string[]> {
  const lists = what.split("|").map(async (word) => {
    if (word === "name" || word === "names") return names.functions();
    if (word === "runtime") return names.runtimes();
    if (word === "project") return names.projects();
    if (word === "service") return names.services(project);
    if (word === "preset") return names.presets();
    return FILE_WORDS.includes(word) ? [FILES] : [];
  });
  return (await Promise.all(lists)).flat();
}
