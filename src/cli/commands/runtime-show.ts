/** `slipway runtime show`: the Dockerfile of a runtime, as it was written, and its further files in comments below it. */

import { Command } from "commander";
import type { RuntimeView } from "../api-views.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createRuntimeShowCommand(context: CliContext): Command {
  const command = new Command().argument("<runtime>", "runtime").action(async (name: string) => {
    const client = await context.connect();
    const runtime = await client.getRuntime(name);
    context.output.result(runtime, textOf(runtime));
  });
  return withExamples(command, [
    ["slipway runtime show node", "its Dockerfile and the list of its files"],
    ["slipway runtime show node > Dockerfile", "a start for your own; the list is comments"],
  ]);
}

/** Still a Dockerfile. */
function textOf({ content = "", files = [] }: RuntimeView): string {
  const further = files.filter((path) => path !== "Dockerfile" && path !== "Dockerfile.j2");
  if (further.length === 0) return content;
  return `${content.trimEnd()}\n\n# Further files:\n${further.map((path) => `#   ${path}\n`).join("")}`;
}
