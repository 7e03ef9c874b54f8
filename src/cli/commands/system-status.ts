/** `slipway system status`: how busy and how full the host and its engine are. */

import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import type { SystemStatusView, UsageView } from "../system-views.ts";
import { renderTable } from "../table.ts";
import { formatBytes, formatElapsed } from "../text-format.ts";

export function createSystemStatusCommand(context: CliContext): Command {
  const command = new Command().action(async () => {
    const status = await (await context.connect()).system.status();
    context.output.result(status, textOf(status));
  });
  return withExamples(command, [
    ["slipway system status", "processor, memory, disks, engine"],
    ["slipway system status --json", "for a script"],
  ]);
}

function textOf({ host, docker }: SystemStatusView): string {
  const { cores, usage_pct, load1, load5, load15 } = host.cpu;
  const use = (name: string, { used_bytes, total_bytes, usage_pct: pct }: UsageView) => [
    ...[name, `${pct} %`, `${formatBytes(used_bytes)} of ${formatBytes(total_bytes)}`],
  ];
  const engine = docker.reachable
    ? `${docker.containers_running} of ${docker.containers} containers run; ${docker.images} images take ${formatBytes(docker.images_size_bytes)}, ${docker.volumes} volumes ${formatBytes(docker.volumes_size_bytes)}, the build cache ${formatBytes(docker.build_cache_bytes)}`
    : "The engine is away.";
  const rows = [
    ["cpu", `${usage_pct} %`, `${cores} cores, load ${[load1, load5, load15].map((n) => n.toFixed(2)).join(" ")}`],
    use("memory", host.memory),
    use("swap", host.swap),
    ...host.disks.map((disk) => use(disk.mountpoint, disk)),
  ];
  const table = renderTable([host.hostname, "USED", `up ${formatElapsed(host.uptime * 1000)}`], rows);
  return `${table}${engine}`;
}
