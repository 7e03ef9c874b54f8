/** Functions as text for people. */

import type { FunctionView, InstanceView } from "./api-views.ts";
import { paintStatus, type Style } from "./style.ts";
import { renderTable, widthOfText } from "./table.ts";
import { formatAge, shortId } from "./text-format.ts";

type Column = { readonly head: string; readonly cell: (f: FunctionView) => string };

/** What a narrow terminal does without, first to last. */
const DISPENSABLE = ["CHANGED", "RUNTIME", "PROJECT", "READY"];

/** One row per function, or how to get the first one. Where a terminal of `columns` is too narrow columns are left out. */
export function functionTable(
  functions: readonly FunctionView[],
  style: Style,
  now: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  if (functions.length === 0) return "No functions yet. Deploy one: slipway deploy examples/hello\n";
  let kept = columnsOf(style, now);
  for (const head of DISPENSABLE) {
    if (widthOfText(tableOf(kept, functions)) <= columns) break;
    kept = kept.filter((column) => column.head !== head);
  }
  const table = tableOf(kept, functions);
  if (widthOfText(table) <= columns) return table;
  return functions.map((f) => `${style.bold(f.name)}  ${paintStatus(style, f.status)}\n  ${f.url}\n`).join("");
}

function tableOf(columns: readonly Column[], functions: readonly FunctionView[]): string {
  return renderTable(
    columns.map(({ head }) => head),
    functions.map((f) => columns.map(({ cell }) => cell(f))),
  );
}

function columnsOf(style: Style, now: number): readonly Column[] {
  return [
    { head: "NAME", cell: (f) => style.bold(f.name) },
    { head: "PROJECT", cell: (f) => f.project },
    { head: "STATUS", cell: (f) => paintStatus(style, f.status) },
    { head: "RUNTIME", cell: (f) => f.runtime ?? "Dockerfile" },
    { head: "READY", cell: (f) => `${f.instances.filter((i) => i.current && i.healthy).length}/${f.replicas}` },
    { head: "CHANGED", cell: (f) => formatAge(f.updated_at, now) },
    { head: "URL", cell: (f) => f.url },
  ];
}

/** Everything about one function, a line each. */
export function functionDetails(f: FunctionView, style: Style, now: number): string {
  const facts: (readonly [string, string])[] = [
    ["status", paintStatus(style, f.status)],
    ["url", f.url],
    ["project", f.project],
    ["runtime", f.runtime ?? "its own Dockerfile"],
    ["scale", `${f.instances.filter((i) => i.healthy).length} of ${f.replicas} healthy`],
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
        i.current ? "current" : style.yellow("out of date"),
        i.healthy ? "healthy" : style.red("not healthy"),
        i.started_at === null ? "" : `up ${formatAge(i.started_at, now)}`,
        i.restart_count === 0 ? "" : `restarted ${i.restart_count}×`,
        i.last_exit_code === null ? "" : `last exit status ${i.last_exit_code}`,
      ].filter((note) => note !== "");
      return `  instance    ${i.name}  ${paintStatus(style, i.state)}${notes.length === 0 ? "" : `  ${notes.join(", ")}`}\n`;
    })
    .join("");
}
