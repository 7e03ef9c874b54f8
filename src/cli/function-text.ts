/** Functions as text for people. */

import type { FunctionView, InstanceView } from "./api-views.ts";
import { paintStatus, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatAge, shortId } from "./text-format.ts";

/** One row per function, or how to get the first one. */
export function functionTable(functions: readonly FunctionView[], style: Style, now: number): string {
  if (functions.length === 0) return "No functions yet. Deploy one: slipway deploy examples/hello\n";
  const rows = functions.map((f) => [
    style.bold(f.name),
    f.project,
    paintStatus(style, f.status),
    f.runtime ?? "Dockerfile",
    `${f.instances.filter((i) => i.current && i.healthy).length}/${f.replicas}`,
    formatAge(f.updated_at, now),
    f.url,
  ]);
  return renderTable(["NAME", "PROJECT", "STATUS", "RUNTIME", "READY", "CHANGED", "URL"], rows);
}

/** Everything about one function, a line each. */
export function functionDetails(f: FunctionView, style: Style, now: number): string {
  const facts: (readonly [string, string])[] = [
    ["status", paintStatus(style, f.status)],
    ["url", f.url],
    ["project", f.project],
    ["runtime", f.runtime ?? "its own Dockerfile"],
    ["deployment", f.active_deployment_id === null ? "none serves" : shortId(f.active_deployment_id)],
    ["images", (f.images ?? []).flatMap((image) => image.tags).join(", ") || "none"],
  ];
  if (f.error !== null) facts.push(["error", style.red(f.error)]);
  const lines = facts.map(([key, value]) => `  ${key.padEnd(10)}  ${value}\n`);
  return `${style.bold(f.name)}\n${lines.join("")}${instanceLines(f.instances, style, now)}`;
}

function instanceLines(instances: readonly InstanceView[], style: Style, now: number): string {
  return instances
    .map((i) => {
      const notes = [
        i.current ? "" : "of an older deployment",
        i.started_at === null ? "" : `up ${formatAge(i.started_at, now)}`,
        i.restart_count === 0 ? "" : `restarted ${i.restart_count}×`,
        i.last_exit_code === null ? "" : `last exit status ${i.last_exit_code}`,
      ].filter((note) => note !== "");
      return `  instance    ${i.name}  ${paintStatus(style, i.state)}${notes.length === 0 ? "" : `  ${notes.join(", ")}`}\n`;
    })
    .join("");
}
