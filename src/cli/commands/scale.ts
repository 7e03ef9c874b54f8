/** `slipway scale`: how many instances a function has; with a number that many, once they are ready. */

import { Command } from "commander";
import { awaitScale } from "../await-scale.ts";
import type { CliContext } from "../cli-context.ts";
import { projectOption, wholeNumber, withExamples } from "../command-help.ts";
import { hintingAtNames } from "../known-name.ts";
import { localScale } from "../local/local-functions.ts";
import { type LocalOption, localOption } from "../local/use-workshop.ts";

const MOST = 50;

type ScaleOptions = { readonly project?: string; readonly wait: boolean } & LocalOption;

export function createScaleCommand(context: CliContext): Command {
  const { output } = context;
  const command = new Command()
    .argument("<name>", "function")
    .argument("[count]", "how many instances (default: say how many there are)", wholeNumber(0, MOST))
    .addOption(projectOption())
    .addOption(localOption())
    .option("--no-wait", "return at once; do not wait until they are ready")
    .action(async (name: string, wanted: number | undefined, options: ScaleOptions) => {
      if (options.local === true) return localScale(name, wanted, context);
      const client = await context.connect();
      const ref = { name, project: options.project };
      if (wanted === undefined) {
        const view = await hintingAtNames(client, ref, () => client.getFunction(ref));
        output.result({ name, scale: view.replicas }, `Function ${name} has a scale of ${view.replicas}`);
        return;
      }
      const answer = await hintingAtNames(client, ref, () => client.scale(ref, wanted));
      const view = options.wait ? await awaitScale(answer.function, wanted, client, ref, context) : answer.function;
      const text = answer.unchanged
        ? `Function ${name} already has a scale of ${wanted}`
        : `Function ${name} now has a scale of ${wanted}`;
      output.result({ name, scale: wanted, unchanged: answer.unchanged, function: view }, text);
    });
  return withExamples(command, [
    ["slipway scale hello", "how many are there?"],
    ["slipway scale hello 3", "returns once three are ready"],
    ["slipway scale hello 0", "like `slipway stop hello`"],
  ]);
}
