/** `slipway schema`: the JSON Schema of a slipway.yml, for editors. Needs no server. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createSchemaCommand({ deps, output }: CliContext): Command {
  const command = new Command()
    .description("Print the JSON Schema (draft 2020-12) of a slipway.yml, or of a project's document, for editors.")
    .option("--project", "of a document for `slipway apply`")
    .action(async ({ project }: { readonly project?: true }) => {
      const schema = await (project === true ? deps.documents : deps.manifests).jsonSchema();
      output.result(schema, JSON.stringify(schema, null, 2));
    });
  return withExamples(command, [
    ["slipway schema > slipway.schema.json", "then, as first line of a slipway.yml:"],
    ["slipway schema --project > project.schema.json", "the same for a whole project"],
    ["# yaml-language-server: $schema=slipway.schema.json", "completion and checks in editors"],
  ]);
}
