/** Functions as text for people. */

import type { ServiceView } from "../api/views.ts";
import type { FunctionView, InstanceView } from "./api-views.ts";
import { paintStatus, type Style } from "./style.ts";
import { renderTable, widthOfText } from "./table.ts";
import { formatAge, shortId } from "./text-format.ts";

/** A function or an image service, as `slipway list` shows it. */
export type ListRow = Pick<FunctionView, "name" | "project" | "kind" | "status" | "updated_at"> & {
  /** The runtime of a function, the image of an image service. */
  readonly from: string;
  readonly ready: string;
  /** `private` where there is none. */
  readonly url: string;
};

type Column = { readonly head: string; readonly cell: (row: ListRow) => string };

/** What a narrow terminal does without, first to last. */
const DISPENSABLE = ["CHANGED", "RUNTIME", "KIND", "PROJECT", "READY"];

export function functionRow(view: FunctionView): ListRow {
  const ready = view.instances.filter((i) => i.current && i.healthy).length;
  return { ...view, from: view.runtime ?? "Dockerfile", ready: `${ready}/${view.replicas}` };
}

export function imageRow(view: ServiceView, project: string): ListRow {
  const from = view.active_deployment?.image ?? "-";
  return { ...view, project, from, ready: "-", url: view.url ?? "private" };
}

/** One row each, or how to get the first one. Where a terminal of `columns` is too narrow columns are left out. */
export function listTable(
  listed: readonly ListRow[],
  style: Style,
  now: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  if (listed.length === 0) return "No functions yet. Deploy one: slipway deploy examples/hello\n";
  let kept = columnsOf(style, now);
  for (const head of DISPENSABLE) {
    if (widthOfText(tableOf(kept, listed)) <= columns) break;
    kept = kept.filter((column) => column.head !== head);
  }
  const table = tableOf(kept, listed);
  if (widthOfText(table) <= columns) return table;
  return listed.map((row) => `${style.bold(row.name)}  ${paintStatus(style, row.status)}\n  ${row.url}\n`).join("");
}

function tableOf(columns: readonly Column[], listed: readonly ListRow[]): string {
  return renderTable(
    columns.map(({ head }) => head),
    listed.map((row) => columns.map(({ cell }) => cell(row))),
  );
}

function columnsOf(style: Style, now: number): readonly Column[] {
  return [
    { head: "NAME", cell: (row) => style.bold(row.name) },
    { head: "PROJECT", cell: (row) => row.project },
    { head: "KIND", cell: (row) => row.kind },
    { head: "STATUS", cell: (row) => paintStatus(style, row.status) },
    { head: "RUNTIME", cell: (row) => row.from },
    { head: "READY", cell: (row) => row.ready },
    { head: "CHANGED", cell: (row) => formatAge(row.updated_at, now) },
    { head: "URL", cell: (row) => row.url },
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
