/** The commands that do one thing to one function and show what became of it: start, stop, restart. */

import { Command } from "commander";
import type { FunctionView } from "./api-views.ts";
import { awaitSettled } from "./await-settled.ts";
import type { CliContext } from "./cli-context.ts";
import { type Example, projectOption, withExamples } from "./command-help.ts";
import { hintingAtNames } from "./known-name.ts";
import { localStop } from "./local/local-functions.ts";
import { type LocalOption, localOption } from "./local/use-workshop.ts";
import { orImageService } from "./project-scope.ts";
import { actOnService, showService } from "./service-action.ts";
import { paintStatus, type Style } from "./style.ts";

export function createActionCommand(
  context: CliContext,
  action: "start" | "stop" | "restart",
  examples: readonly Example[],
): Command {
  const command = new Command()
    .argument("<name>", "function, or image service of the project")
    .addOption(projectOption())
    .option("--no-wait", "return at once; do not wait until it is so")
    .action(async (name: string, options: { readonly project?: string; readonly wait: boolean } & LocalOption) => {
      if (options.local === true) return localStop(name, context);
      const client = await context.connect();
      const ref = { name, project: options.project };
      await orImageService(
        client,
        ref,
        async () => {
          const answer = await hintingAtNames(client, ref, () => client.act(ref, action));
          const goal = action === "stop" ? "stopped" : "running";
          const view = options.wait ? await awaitSettled(answer, goal, client, ref, context) : answer;
          context.output.result(view, statusLine(view, context.output.style));
        },
        async (scope) => showService(await actOnService(scope, name, action, options.wait, context), context),
      );
    });
  if (action === "stop") command.addOption(localOption());
  return withExamples(command, examples);
}

/** `hello: running  http://…` */
export function statusLine(view: FunctionView, style: Style): string {
  const address = view.status === "stopped" ? "" : `  ${view.url}`;
  return `${style.bold(view.name)}: ${paintStatus(style, view.status)}${address}`;
}
