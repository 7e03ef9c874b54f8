/**
 * The seeds' one-dash flags (`-addr :80`, `-log-level=debug`) as two-dash ones, before the parser would read `-a -d -d -r`
 * in them. Pure. Only after the command `server`; everything else is left as it was typed.
 */

import { SERVER_OPTIONS } from "../domain/server-options.ts";

const ONE_DASH = new Set(SERVER_OPTIONS.map((option) => `-${option.name}`));

export function normalizeArgv(argv: readonly string[]): readonly string[] {
  const command = argv.findIndex((word) => !word.startsWith("-"));
  if (argv[command] !== "server") return argv;
  return argv.map((word, i) => (i > command && isOneDashFlag(word) ? `-${word}` : word));
}

function isOneDashFlag(word: string): boolean {
  const equals = word.indexOf("=");
  return ONE_DASH.has(equals < 0 ? word : word.slice(0, equals));
}
