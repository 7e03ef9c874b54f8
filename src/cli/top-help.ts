/** The help above the commands: `slipway help` and, for the commands that start alike, `slipway runtime`. */

import { commandsBelow } from "./find-command.ts";

const ENVIRONMENT = `Environment:
  SLIPWAY_URL, SLIPWAY_TOKEN  server to use and token for it, instead of the stored login
  SLIPWAY_PASSFILE            passkey of a server on this machine (default: ~/.passfile)
  NO_COLOR                    no colours

Every command takes --json: exactly one JSON document on standard output.
Exit status: 0 done, 1 failed, 2 wrongly called, 130 interrupted.
More about one of them: slipway help COMMAND
`;

export function topHelp(prefix: string): string {
  const entries = commandsBelow(prefix);
  const width = Math.max(...entries.map((entry) => entry.words.length));
  const groups = [...new Set(entries.map((entry) => entry.group))];
  const lists = groups.map((group) => {
    const rows = entries.filter((e) => e.group === group).map((e) => `  ${e.words.padEnd(width)}  ${e.summary}\n`);
    return `${group}:\n${rows.join("")}`;
  });
  if (prefix !== "") return `Usage: slipway ${prefix} <command>\n\n${lists.join("\n")}`;
  const head =
    "Slipway: your own Lambda and your own Railway on one Docker machine.\n\nUsage: slipway <command> [options]\n";
  const first =
    "First steps:\n  slipway server                 start the server\n  slipway deploy examples/hello  deploy a folder; prints its URL\n";
  return [head, first, ...lists, ENVIRONMENT].join("\n");
}
