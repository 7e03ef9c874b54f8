/** `slipway project delete`: at once, with all its services; their data stays unless asked for. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { storeDefaultProject } from "../default-project.ts";
import { Interrupted, UsageError } from "../exit-codes.ts";
import { openProject } from "../project-scope.ts";
import { askYesNo, canAsk } from "../prompt.ts";

type DeleteOptions = { readonly volumes?: true; readonly yes?: true };

export function createProjectDeleteCommand(context: CliContext): Command {
  const command = new Command()
    .argument("<project>", "slug, name or id")
    .option("--volumes", "the stored data of its services too; it can't be brought back")
    .option("-y, --yes", "do not ask")
    .action(async (typed: string, options: DeleteOptions) => {
      const { client, p, project } = await openProject(context, typed);
      const services = await client.calls.all("GET /api/projects/:p/services", { params: { p } });
      const names = services.map((service) => service.name).sort();
      const volumes = options.volumes === true;
      const data = volumes ? " and all data stored in volumes" : "";
      const what = `${project.name} (${p}) with ${names.length === 0 ? "no services" : names.join(", ")}${data}`;
      if (options.yes !== true) await confirm(what, context);
      await client.calls.ask("DELETE /api/projects/:p", { params: { p }, query: { volumes: volumes ? "1" : "0" } });
      if (client.project === p) await storeDefaultProject(context.deps, client.url, null);
      context.output.note(`${p}: deleted${volumes || names.length === 0 ? "" : "; the data of its services is kept"}`);
      context.output.result({ deleted: p, services: names, volumes }, "");
    });
  return withExamples(command, [
    ["slipway project delete shop", "asks first; data in volumes stays, for a project of the same slug"],
    ["slipway project delete shop --volumes --yes", "for a script, with all data"],
  ]);
}

async function confirm(what: string, { deps }: CliContext): Promise<void> {
  if (!canAsk(deps)) throw new UsageError(`This would delete ${what}.`, { remedy: "Say that you mean it: add --yes." });
  if (!(await askYesNo(deps, `Delete ${what}?`))) throw new Interrupted("Nothing was deleted.");
}
