/** `slipway base build`: the base images of the built-in runtimes, from this machine's own package mirror. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { Progress } from "../progress.ts";

export function createBaseBuildCommand(context: CliContext): Command {
  const command = new Command()
    .option("--check", "make nothing; exit 1 when an image is missing")
    .action(async ({ check }: { readonly check?: true }) => {
      await (check === true ? checkBases(context) : buildBases(context));
    });
  return withExamples(command, [
    ["slipway base build", "on the server's machine, where no registry can be reached"],
    ["slipway base build --check", "for a script: are they there?"],
  ]);
}

async function checkBases({ deps, output }: CliContext): Promise<void> {
  const missing = await deps.missingBases();
  if (missing.length === 0) {
    output.result({ missing }, "All base images are there.");
    return;
  }
  throw new AppError("not_found", `Missing: ${missing.join(", ")}.`, { remedy: "Make them: slipway base build" });
}

async function buildBases({ deps, output }: CliContext): Promise<void> {
  const progress = new Progress(deps, output.isJson);
  try {
    progress.step("making base images");
    const images = await deps.buildBases((line) => progress.lines(`${line}\n`));
    progress.stop();
    const lines = images.map((image) => `${image.image}  ${image.wasBuilt ? "made" : "was there already"}\n`);
    output.result(images, lines.join(""));
  } finally {
    progress.stop();
  }
}
