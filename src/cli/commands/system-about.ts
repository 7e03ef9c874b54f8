/** `slipway system about`: versions, engine, database. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import type { SystemAboutView } from "../system-views.ts";
import { formatBytes } from "../text-format.ts";

export function createSystemAboutCommand(context: CliContext): Command {
  const command = new Command().action(async () => {
    const about = await (await context.connect()).system.about();
    context.output.result(about, textOf(about));
  });
  return withExamples(command, [["slipway system about", "what this server is"]]);
}

function textOf({ slipway, docker, database, ...rest }: SystemAboutView): string {
  const engine = docker.reachable
    ? `${docker.server_version} (API ${docker.api_version})${docker.os === null ? "" : `, ${docker.os}`}`
    : `away: ${docker.error ?? "no answer"}`;
  const news = rest.update_available && rest.latest_release !== null ? `; ${rest.latest_release.version} is there` : "";
  return [
    `slipway   ${slipway.version}, up since ${slipway.started_at}${news}`,
    `node      ${slipway.node_version}`,
    `engine    ${engine}`,
    `database  ${database.path}, ${formatBytes(database.size_bytes)}`,
    ...docker.warnings.map((warning) => `warning   ${warning}`),
  ].join("\n");
}
