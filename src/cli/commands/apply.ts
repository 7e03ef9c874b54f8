/** `slipway apply`: makes a whole project what a YAML document says, once its plan is agreed to. */

import { Command } from "commander";
import type { SpecAnswerView } from "../../api/views.ts";
import { applyDocument } from "../apply-document.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples, withNote } from "../command-help.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { planText } from "../plan-text.ts";
import { askYesNo, canAsk } from "../prompt.ts";
import { openDocument } from "../read-document.ts";

type ApplyOptions = {
  readonly file: string;
  readonly prune?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly wait: boolean;
};

export function createApplyCommand(context: CliContext): Command {
  const command = new Command()
    .requiredOption("-f, --file <file>", "document of the project; - is standard input")
    .option("--prune", "delete what the document does not name; data in volumes stays")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "show the plan, and do nothing")
    .option("--no-wait", "return at once; do not wait until what is deployed serves")
    .action((options: ApplyOptions) => apply(options, context));
  const noted = withNote(
    command,
    "Shows what would change and asks. Everything but sources is done in one transaction, or not at all; then functions " +
      "whose source or manifest differs are uploaded. Staged changes must be applied or discarded before. Fields: " +
      "docs/guides/projects.md and docs/project.schema.json.",
  );
  return withExamples(noted, [
    ["slipway apply -f shop.yml", "shows the plan and asks"],
    ["slipway apply -f shop.yml --prune --yes", "for a script; what the document does not name goes"],
    ["slipway apply -f shop.yml --dry-run --json", "the plan for a program"],
    ["render shop.yml | slipway apply -f - --yes", "paths of sources are relative to this folder"],
  ]);
}

async function apply(options: ApplyOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const prune = options.prune === true;
  const client = await context.connect();
  const open = await openDocument(options.file, client, context);
  try {
    const body = { document: { ...open.document }, prune, dry_run: true };
    const plan = await client.calls.ask("POST /api/projects/apply", { body });
    const isDone = plan.changes.length === 0;
    if (isDone || options.dryRun === true) {
      output.result(documentOf(plan, []), isDone ? "Nothing to do.\n" : planText(plan, output.style));
      return;
    }
    if (options.yes !== true) await confirm(plan, context);
    else output.note(planText(plan, output.style).trimEnd());
    const { answer, deployments } = await applyDocument(open, plan, { prune, waits: options.wait }, client, context);
    const { name, slug } = answer.project ?? { name: open.document.name, slug: "" };
    output.result(
      documentOf(answer, deployments),
      `${name} (${slug}) is as ${options.file === "-" ? "the document" : options.file} says.`,
    );
  } finally {
    await open.close();
  }
}

function documentOf({ project, changes, uploads }: SpecAnswerView, deployments: readonly object[]) {
  return { project, changes, uploads, deployments };
}

async function confirm(plan: SpecAnswerView, { deps, output }: CliContext): Promise<void> {
  if (!output.isJson) output.note(planText(plan, output.style).trimEnd());
  if (!canAsk(deps)) {
    throw new UsageError("Nothing was changed: there is no terminal to ask whether this shall be done.", {
      remedy: "Say that you mean it: add --yes. To see the plan alone: --dry-run.",
    });
  }
  if (!(await askYesNo(deps, "Do this?"))) throw new Interrupted("Nothing was changed.");
}
