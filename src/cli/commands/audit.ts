/** `slipway audit`: who changed what, when, and from where. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { renderTable } from "../table.ts";
import { findUser } from "../user-words.ts";

type AuditOptions = { readonly limit: string; readonly search?: string; readonly user?: string };

const MAX_RECORDS = 20_000;

export function createAuditCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .option("-n, --limit <number>", "how many records, the newest ones", "50")
    .option("--search <text>", "only those with this in action or path")
    .option("--user <user>", "only what this user did: e-mail or id")
    .action(async ({ limit, search, user }: AuditOptions) => {
      const most = countOf(limit);
      const client = await context.connect();
      const userId = user === undefined ? undefined : (await findUser(client, user)).id;
      const records = await client.people.audit({ search, user_id: userId }, most);
      const rows = records.map((record) => [
        record.at,
        record.actor || "-",
        record.action.split(" ")[0] ?? "",
        record.target,
        String(record.status),
        record.from,
      ]);
      output.result(
        records,
        rows.length === 0 ? "No records." : renderTable(["WHEN", "WHO", "DID", "WHAT", "STATUS", "FROM"], rows),
      );
    });
  return withExamples(command, [
    ["slipway audit", "the last 50 changes and refused sign-ins; for admins"],
    ["slipway audit --user ann@example.com --search delete", "what Ann deleted"],
  ]);
}

function countOf(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_RECORDS) return count;
  throw new UsageError(`--limit ${text} is no number of records.`, { remedy: `Give 1 to ${MAX_RECORDS}.` });
}
