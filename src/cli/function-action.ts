/** The commands that do one thing to one function and show what became of it: start, stop, restart. */

import { Command } from "commander";
import type { FunctionView } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { type Example, projectOption, withExamples } from "./command-help.ts";
import { hintingAtNames } from "./known-name.ts";
import { paintStatus, type Style } from "./style.ts";

export function createActionCommand(
  context: CliContext,
  action: "start" | "stop" | "restart",
  examples: readonly Example[],
): Command {
  const command = new Command()
    .argument("<name>", "function")
    .addOption(projectOption())
    .action(async (name: string, { project }: { readonly project?: string }) => {
      const client = await context.connect();
      const ref = { name, project };
      const view = await hintingAtNames(client, ref, () => client.act(ref, action));
      context.output.result(view, statusLine(view, context.output.style));
    });
  return withExamples(command, examples);
}

/** `hello: running  http://…` */
export function statusLine(view: FunctionView, style: Style): string {
  const address = view.status === "stopped" ? "" : `  ${view.url}`;
  return `${style.bold(view.name)}: ${paintStatus(style, view.status)}${address}`;
}
