/** `slipway test`: builds a folder, starts a throw-away copy and asks it what its manifest's `test` says. */

import { resolve } from "node:path";
import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { localProgress, useWorkshop } from "../local/use-workshop.ts";
import { Progress } from "../progress.ts";

const HOW_TO_WRITE_ONE =
  "The folder's manifest has no test, so only whether it answers was looked at. Write one in slipway.yml:\n" +
  "  test: {path: /ping, status: 200, body: OK}    # or {input: 1, output: 2} for a message function";

export function createTestCommand(context: CliContext): Command {
  const command = new Command()
    .description("Build a folder, start a throw-away copy, and run its manifest's test. Nothing of it stays.")
    .argument("<folder>", "folder of the function")
    .option("--name <name>", "its name (default: from slipway.yml, else the folder's)")
    .action((folder: string, { name }: { readonly name?: string }) => test(folder, name, context));
  return withExamples(command, [["slipway test hello", "exit status 0 when it passes, 1 when it does not"]]);
}

function test(folder: string, name: string | undefined, context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ builds }) => {
    const { output, deps, signal } = context;
    const progress = new Progress(deps, output.isJson);
    try {
      const fn = await builds.open(resolve(deps.cwd, folder), { name });
      for (const note of fn.notes) progress.lines(`${note}\n`);
      const { hasPassed, hasTest, reason } = await builds.test(fn, localProgress(progress), signal);
      progress.stop();
      if (!hasPassed) {
        throw new AppError("deploy_failed", `${fn.name} failed: ${reason ?? "no reason was given"}`, {
          remedy: "Mend the function, or its test in slipway.yml.",
        });
      }
      if (!hasTest) output.note(HOW_TO_WRITE_ONE);
      output.result({ name: fn.name, passed: true, test: hasTest }, `${output.style.green("passed")}: ${fn.name}`);
    } finally {
      progress.stop();
    }
  });
}
