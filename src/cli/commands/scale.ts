/** `slipway scale`: how many instances a function has; with a number that many, once they are ready. */

import { Command } from "commander";
import type { ApiClient, FunctionRef } from "../api-client.ts";
import { awaitScale } from "../await-scale.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { hintingAtNames } from "../known-name.ts";
import { localScale } from "../local/local-functions.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";
import { orImageService } from "../project-scope.ts";
import { scaleService, showService } from "../service-action.ts";

const MOST = 50;

type ScaleOptions = { readonly project?: string; readonly wait: boolean } & LocalOption;

export function createScaleCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .argument("<name>", "function, or image service of the project")
    .argument("[count]", "how many instances (default: say how many there are)", wholeNumber(0, MOST))
    .addOption(projectOption())
    .addOption(localOption())
    .option("--no-wait", "return at once; do not wait until they are ready")
    .action(async (name: string, wanted: number | undefined, options: ScaleOptions) => {
      if (options.local === true) return localScale(name, wanted, context);
      const client = await context.connect();
      const ref = { name, project: options.project };
      await orImageService(
        client,
        ref,
        () => scaleFunction(client, ref, wanted, options.wait, context),
        async (scope, { replicas }) => {
          if (wanted === undefined)
            output.result({ name, scale: replicas }, `Service ${name} has a scale of ${replicas}`);
          else showService(await scaleService(scope, name, wanted, options.wait, context), context);
        },
      );
    });
  return withExamples(command, [
    ["slipway scale hello", "how many are there?"],
    ["slipway scale hello 3", "returns once three are ready"],
    ["slipway scale hello 0", "like `slipway stop hello`"],
  ]);
}

async function scaleFunction(
  client: ApiClient,
  ref: FunctionRef,
  wanted: number | undefined,
  waits: boolean,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const { name } = ref;
  if (wanted === undefined) {
    const view = await hintingAtNames(client, ref, () => client.getFunction(ref));
    output.result({ name, scale: view.replicas }, `Function ${name} has a scale of ${view.replicas}`);
    return;
  }
  const answer = await hintingAtNames(client, ref, () => client.scale(ref, wanted));
  const view = waits ? await awaitScale(answer.function, wanted, client, ref, context) : answer.function;
  const text = answer.unchanged
    ? `Function ${name} already has a scale of ${wanted}`
    : `Function ${name} now has a scale of ${wanted}`;
  output.result({ name, scale: wanted, unchanged: answer.unchanged, function: view }, text);
}
