/** Projects, variables and plans as text for people. */

import type { EnvVarView, ProjectView } from "../api/views.ts";
import type { Style } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatAge } from "./text-format.ts";

/** Stands for a value nobody asked to see. */
export const MASK = "********";

/** `current`: slug, name or id of the one that commands mean. */
export function projectTable(
  projects: readonly ProjectView[],
  current: string | undefined,
  style: Style,
  now: number,
): string {
  const isCurrent = ({ id, slug, name }: ProjectView): boolean => [id, slug, name].includes(current ?? "");
  const rows = projects.map((project) => [
    isCurrent(project) ? "*" : "",
    style.bold(project.slug),
    project.name,
    formatAge(project.created_at, now),
  ]);
  return renderTable(["", "SLUG", "NAME", "AGE"], rows);
}

export function variableTable(variables: readonly EnvVarView[], isShown: boolean, style: Style): string {
  const rows = variables.map(({ key, value }) => [style.bold(key), isShown ? oneLine(value) : MASK]);
  return renderTable(["KEY", "VALUE"], rows);
}

export function oneLine(value: string): string {
  return value.replaceAll("\n", "\\n");
}

/** A sign for what becomes of a thing. */
export function signOf(action: "create" | "update" | "delete", style: Style): string {
  if (action === "create") return style.green("+");
  return action === "delete" ? style.red("-") : style.yellow("~");
}
