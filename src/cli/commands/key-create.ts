/** `slipway key create`: a token for a program, printed once. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";

const DAY_MS = 24 * 3_600_000;
const MAX_DAYS = 36_500;

export function createKeyCreateCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<description>", "what it is for, 1 to 200 characters")
    .option("--expires <when>", "days from now (30d) or a time (2027-01-31T12:00:00Z); default: never")
    .action(async (description: string, options: { readonly expires?: string }) => {
      const expiresAt = options.expires === undefined ? null : timeOf(options.expires, context.deps.now());
      const key = await (await context.connect()).people.createApiKey(description, expiresAt);
      context.output.note(
        `Shown this once; it ${key.expires_at === null ? "never expires" : `expires ${key.expires_at}`}.`,
      );
      context.output.result(key, key.token);
    });
  return withExamples(command, [
    ["slipway key create ci --expires 90d", "the token alone stands on standard output"],
    ["slipway key create nightly > token", "in a script"],
  ]);
}

function timeOf(typed: string, now: number): string {
  const days = /^(\d{1,5})d$/.exec(typed)?.[1];
  if (days !== undefined && Number(days) <= MAX_DAYS) return new Date(now + Number(days) * DAY_MS).toISOString();
  const time = /^\d{4}-\d\d-\d\d/.test(typed) ? Date.parse(typed) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new UsageError(`${JSON.stringify(typed)} is no time.`, { remedy: "Write 30d, or 2027-01-31T12:00:00Z." });
}
