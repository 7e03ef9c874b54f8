/** `slipway key delete`: the token counts no more at once. */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

export function createKeyDeleteCommand(context: CliContext): Command {
  const command = new Command().argument("<key>", "id, or its beginning").action(async (typed: string) => {
    const { people } = await context.connect();
    const found = (await people.listApiKeys()).filter((key) => key.id.startsWith(typed));
    const [key] = found;
    if (key === undefined || found.length > 1) {
      const what = key === undefined ? `You have no API key ${typed}.` : `${typed} could be ${found.length} API keys.`;
      throw new AppError("not_found", what, { remedy: "`slipway key list` shows what there is." });
    }
    await people.deleteApiKey(key.id);
    context.output.result({ deleted: [key.id] }, `${key.description}: deleted`);
  });
  return withExamples(command, [["slipway key delete 3f2a9c01", "what used it gets 401 from now on"]]);
}
