/** `slipway server`: hands its flags, unread, to whoever runs the server. */

import { Command } from "commander";
import { SERVER_OPTIONS, type ServerOption } from "../../domain/server-options.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";

export function createServerCommand(context: CliContext): Command {
  const command = new Command().action(async (options: Readonly<Record<string, string | boolean>>) => {
    await context.deps.runServer(givenFlags(options));
  });
  for (const option of SERVER_OPTIONS) command.option(`--${option.name} <${option.value}>`, helpOf(option));
  withNote(
    command,
    "Every flag is also an environment variable: --data-dir is SLIPWAY_DATA_DIR. One dash does as well: -addr :80.",
  );
  return withExamples(command, [
    ["slipway server", "listens on port 8080"],
    ["slipway server --addr 127.0.0.1:9000 --data-dir ./data", "elsewhere, with its data here"],
    ["slipway server --base-domain apps.example.com", "functions at NAME.apps.example.com"],
  ]);
}

function helpOf({ help, choices, fallback }: ServerOption): string {
  const values = choices === undefined ? "" : `: ${choices.join(", ")}`;
  return `${help}${values}${fallback === "" ? "" : ` (default: ${fallback})`}`;
}

/** By flag name; commander keeps `--data-dir` as `dataDir`. */
function givenFlags(options: Readonly<Record<string, string | boolean>>): Readonly<Record<string, string>> {
  const flags: Record<string, string> = {};
  for (const { name } of SERVER_OPTIONS) {
    const value = options[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof value === "string") flags[name] = value;
  }
  return flags;
}
