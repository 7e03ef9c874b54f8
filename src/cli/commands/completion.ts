/** `slipway completion`: the script a shell loads so that Tab completes commands, flags and function names. */

import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "../completion-scripts.ts";

export function createCompletionCommand({ output }: CliContext): Command {
  const command = new Command()
    .addArgument(new Argument("<shell>", "shell to complete in").choices(SHELLS))
    .action((shell: Shell) => {
      output.result({ shell, script: COMPLETION_SCRIPTS[shell] }, COMPLETION_SCRIPTS[shell]);
    });
  return withExamples(command, [
    ["source <(slipway completion bash)", "for ~/.bashrc"],
    ["source <(slipway completion zsh)", "for ~/.zshrc"],
    ["slipway completion fish | source", "for ~/.config/fish/config.fish"],
  ]);
}
