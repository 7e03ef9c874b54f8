/** The help above the commands: `slipway help` and, for the commands that start alike, `slipway runtime`. */

import { commandsBelow } from "./find-command.ts";
import { wrapWords } from "./text-format.ts";

type HelpRow = readonly [words: string, meaning: string];

const FIRST_STEPS: readonly HelpRow[] = [
  ["slipway server", "start the server"],
  ["slipway new -r node hello", "make a folder with a function"],
  ["slipway up hello", "build and start it; prints its URL"],
];

const ENVIRONMENT: readonly HelpRow[] = [
  ["SLIPWAY_URL, SLIPWAY_TOKEN", "server to use and token for it, instead of the stored login"],
  ["SLIPWAY_PROJECT", "project that commands mean when they name none"],
  ["SLIPWAY_PASSFILE", "passkey of a server on this machine (default: ~/.passfile)"],
  ["NO_COLOR", "no colours"],
];

const LAST_WORDS = [
  "Every command takes --json: exactly one JSON document on standard output.",
  "Exit status: 0 done, 1 failed, 2 wrongly called, 130 interrupted.",
  "More about one of them: slipway help COMMAND",
];

const WIDEST = 120;
/** Beside narrower columns nothing can be read any more. */
const NARROWEST_MEANING = 20;

/** `columns`: width of the terminal, undefined for none. */
export function topHelp(prefix: string, columns: number | undefined): string {
  const width = columns ?? WIDEST;
  const entries = commandsBelow(prefix);
  const groups = [...new Set(entries.map((entry) => entry.group))];
  const wordsWidth = Math.max(...entries.map(({ words }) => words.length));
  const lists = groups.map((group) => {
    const rows = entries.filter((e) => e.group === group).map(({ words, summary }): HelpRow => [words, summary]);
    return `${group}:\n${rowsText(rows, width, wordsWidth)}`;
  });
  if (prefix !== "") return `Usage: slipway ${prefix} <command>\n\n${lists.join("\n")}`;
  return [
    `${wrapped("Slipway: your own Lambda and your own Railway on one Docker machine.", width)}\nUsage: slipway <command> [options]\n`,
    `First steps:\n${rowsText(FIRST_STEPS, width)}`,
    ...lists,
    `Environment:\n${rowsText(ENVIRONMENT, width)}`,
    LAST_WORDS.map((words) => wrapped(words, width)).join(""),
  ].join("\n");
}

function rowsText(rows: readonly HelpRow[], width: number, widest = Math.max(...rows.map(([words]) => words.length))) {
  const room = Math.max(NARROWEST_MEANING, width - widest - 4);
  return rows
    .map(([words, meaning]) => {
      const [first = "", ...others] = wrapWords(meaning, room);
      return [
        `  ${words.padEnd(widest)}  ${first}\n`,
        ...others.map((text) => `${" ".repeat(widest + 4)}${text}\n`),
      ].join("");
    })
    .join("");
}

function wrapped(text: string, width: number): string {
  return `${wrapWords(text, width).join("\n")}\n`;
}
