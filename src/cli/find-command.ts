/** Which command the words of a command line name. Pure. */

import { nearest } from "../lib/nearest.ts";
import type { CommandEntry } from "./command-entry.ts";
import { COMMANDS } from "./command-list.ts";
import { UsageError } from "./exit-codes.ts";

export type Found =
  | { readonly kind: "command"; readonly entry: CommandEntry; readonly rest: readonly string[] }
  /** Help about everything, or about the commands that start with `prefix`. */
  | { readonly kind: "help"; readonly prefix: string }
  | { readonly kind: "version" }
  /** What the completion scripts ask: hidden from help. */
  | { readonly kind: "complete"; readonly words: readonly string[] };

/** @throws UsageError for an unknown command, naming the nearest one */
export function findCommand(argv: readonly string[]): Found {
  const start = argv.findIndex((word) => !word.startsWith("-"));
  const before = start < 0 ? argv : argv.slice(0, start);
  if (before.some((word) => word === "--version" || word === "-V")) return { kind: "version" };
  if (start < 0) return helpOrUnknownFlag(before);
  const words = argv.slice(start);
  if (words[0] === "__complete") return { kind: "complete", words: words.slice(words[1] === "--" ? 2 : 1) };
  if (words[0] === "version") return { kind: "version" };
  if (words[0] === "help") return findHelp(words.slice(1));
  if (before.some(isHelp)) return findHelp(words);
  const entry = entryOf(words);
  if (entry !== undefined) {
    return { kind: "command", entry, rest: [...before, ...words.slice(entry.words.split(" ").length)] };
  }
  return findGroup(words);
}

/** Commands below a first word, e.g. those of `runtime`; all for the empty prefix. */
export function commandsBelow(prefix: string): readonly CommandEntry[] {
  return COMMANDS.filter((c) => prefix === "" || c.words.startsWith(`${prefix} `));
}

function entryOf(words: readonly string[]): CommandEntry | undefined {
  const two = words.slice(0, 2).join(" ");
  return COMMANDS.find((c) => c.words === two) ?? COMMANDS.find((c) => c.words === words[0]);
}

function findHelp(words: readonly string[]): Found {
  if (words.length === 0) return { kind: "help", prefix: "" };
  const entry = entryOf(words);
  return entry === undefined ? findGroup([words[0] ?? "", "--help"]) : { kind: "command", entry, rest: ["--help"] };
}

function findGroup(words: readonly string[]): Found {
  const [first = "", second] = words;
  const group = commandsBelow(first);
  if (group.length === 0) {
    const firstWords = COMMANDS.map((c) => c.words.split(" ")[0] ?? "");
    throw unknown(first, first, firstWords);
  }
  if (second === undefined || second.startsWith("-")) return { kind: "help", prefix: first };
  const verbs = group.map((c) => c.words.split(" ")[1] ?? "");
  throw unknown(`${first} ${second}`, second, verbs, `${first} `);
}

function helpOrUnknownFlag(flags: readonly string[]): Found {
  const unknownFlag = flags.find((flag) => !isHelp(flag) && flag !== "--json" && flag !== "--");
  if (unknownFlag === undefined) return { kind: "help", prefix: "" };
  throw new UsageError(`There is no option ${unknownFlag} before a command.`, { remedy: "See `slipway help`." });
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function unknown(typed: string, word: string, known: readonly string[], prefix = ""): UsageError {
  const near = nearest(word, known);
  const hint = near === undefined ? "" : ` Did you mean \`slipway ${prefix}${near}\`?`;
  return new UsageError(`There is no command \`slipway ${typed}\`.${hint}`, { remedy: "See `slipway help`." });
}
