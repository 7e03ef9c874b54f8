/** `slipway system settings`: shows the server's settings, or changes them. */

import { Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";

type SettingsOptions = { readonly autoUpdate?: "on" | "off" };

export function createSystemSettingsCommand(context: CliContext): Command {
  const command = new Command()
    .addOption(
      new Option("--auto-update <on|off>", "upgrade by itself when a new version is there").choices(["on", "off"]),
    )
    .action(async ({ autoUpdate }: SettingsOptions) => {
      const { system } = await context.connect();
      const settings =
        autoUpdate === undefined
          ? await system.settings()
          : await system.updateSettings({ auto_update: autoUpdate === "on" });
      context.output.result(settings, `auto-update  ${settings.auto_update ? "on" : "off"}`);
    });
  return withExamples(command, [
    ["slipway system settings", "as they are"],
    ["slipway system settings --auto-update on", "new versions are taken by themselves"],
  ]);
}
