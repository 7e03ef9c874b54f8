/** `slipway service create`: an image or a preset that runs at once, or with --stage once changes are applied. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { collectPairs, projectOption, withExamples, withNote } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { comingOf, followServices } from "../follow-services.ts";
import { openProject } from "../project-scope.ts";
import { addServiceFlags, addSettingsFlags, type SettingsFlags, settingsOf } from "../service-flags.ts";
import { serviceLine } from "../service-text.ts";

type CreateOptions = SettingsFlags & {
  readonly preset?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stage?: true;
  readonly wait: boolean;
  readonly project?: string;
};

export function createServiceCreateCommand(context: CliContext): Command {
  const command = addServiceFlags(
    addSettingsFlags(new Command().argument("<new-name>", "a DNS label; others of the project reach it so")),
  )
    .option("--preset <preset>", "database with fresh secrets, e.g. postgres")
    .option("--env <KEY=value>", "a variable it keeps (repeatable)", collectPairs)
    .option("--stage", "do not act: put it among the staged changes")
    .option("--no-wait", "return at once; do not wait until it serves")
    .addOption(projectOption())
    .action((name: string, options: CreateOptions) => create(name, options, context));
  const noted = withNote(
    command,
    "Presets: postgres, mysql, mariadb, redis, meilisearch, typesense. ${{ db.URL }} in a variable of another service " +
      "stands for the connection URL of db; .HOST and .PORT for its parts. An image is private unless --public is given.",
  );
  return withExamples(noted, [
    ["slipway service create db --preset postgres", "a database, its data on a volume"],
    ["slipway service create web --image nginx:1.27 --port 80 --public", "answers under its own name"],
    ["slipway service create cache --preset redis --stage", "with `slipway changes apply`"],
  ]);
}

async function create(name: string, options: CreateOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const { preset, env, stage } = options;
  if (options.image === undefined && preset === undefined)
    throw new UsageError("What shall it run?", {
      remedy: "Name an image (--image nginx:1.27) or a preset (--preset postgres).",
    });
  const scope = await openProject(context, options.project);
  const { client, p } = scope;
  const payload = {
    name,
    ...settingsOf(options),
    ...(preset !== undefined && { preset }),
    ...(env !== undefined && { env_vars: { ...env } }),
  };
  if (stage === true) {
    const body = { op: "service.create" as const, payload };
    const change = await client.calls.ask("POST /api/projects/:p/pending-changes", { params: { p }, body });
    output.result(change, `${name}: staged; \`slipway changes apply\` creates it`);
    return;
  }
  const created = await client.calls.ask("POST /api/projects/:p/services", { params: { p }, body: payload });
  const coming = options.wait ? await comingOf(scope, created.id) : undefined;
  if (coming !== undefined) await followServices([coming], scope, context);
  const params = { p, s: created.id };
  const service = options.wait ? await client.calls.ask("GET /api/projects/:p/services/:s", { params }) : created;
  output.result(service, serviceLine(service, output.style));
  if (preset !== undefined)
    output.note(
      `Others of the project reach it at ${name}. Its connection URL for one of them:\n` +
        `  slipway env set -p ${p} --service NAME 'DATABASE_URL=\${{ ${name}.URL }}' --apply`,
    );
}
