/** What applying a document would do, as text for people; values of variables are never in it. */

import type { SpecAnswerView } from "../api/views.ts";
import { signOf } from "./project-text.ts";
import type { Style } from "./style.ts";
import { plural } from "./text-format.ts";

/** A line each, and how many there are of what. */
export function planText({ changes }: Pick<SpecAnswerView, "changes">, style: Style): string {
  const lines = changes.map(({ action, what, name, fields, redeploys }) => {
    const named = fields.length === 0 ? "" : `  ${fields.join(", ")}`;
    const deployed = redeploys ? style.dim("  (is deployed)") : "";
    return `${signOf(action, style)} ${what} ${style.bold(name)}${named}${deployed}\n`;
  });
  const count = (wanted: string): number => changes.filter(({ action }) => action === wanted).length;
  const sum = `${count("create")} to create, ${count("update")} to change, ${count("delete")} to delete`;
  return `${lines.join("")}${plural(changes.length, "change")}: ${sum}.\n`;
}
