/**
 * Reads `KEY=value` files: comments, `export`, 'as it is', "with \n, \t, \", \\ and \$", values over several lines in
 * quotes. Nothing is expanded: `${{ db.URL }}` and `$HOME` stay what they are. Pure.
 */

import { AppError } from "../domain/errors.ts";

export type Variable = { readonly key: string; readonly value: string };

const KEY = /^(?:export[ \t]+)?([^\s=]+)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$", "`": "`" };

/** In the file's order; a later one replaces an earlier one of its key. @throws AppError `invalid` naming each line */
export function parseDotenv(text: string, file: string): readonly Variable[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const found = new Map<string, string>();
  const problems: string[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const line = (lines[i] ?? "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const place = `${file}:${i + 1}`;
    const [head, key = ""] = KEY.exec(line) ?? [];
    if (head === undefined) {
      problems.push(`${place}: is no KEY=value`);
      continue;
    }
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      problems.push(
        `${place}: ${JSON.stringify(key.slice(0, 60))} is no name of a variable: use letters, digits and _`,
      );
      continue;
    }
    const value = valueAt(lines, i, line.slice(head.length));
    if (value === undefined) {
      problems.push(`${place}: the quote of ${key} is not closed`);
      break;
    }
    if (value.rest !== undefined)
      problems.push(`${file}:${value.line + 1}: ${value.rest} stands behind the quote of ${key}`);
    found.set(key, value.text);
    i = value.line;
  }
  if (problems.length > 0) throw new AppError("invalid", problems.join("\n"), { remedy: "Nothing was changed." });
  return [...found].map(([key, value]) => ({ key, value }));
}

type Value = {
  readonly text: string;
  /** Index of its last line. */
  readonly line: number;
  /** What stands behind it and does not belong there. */
  readonly rest: string | undefined;
};

/** Undefined: its quote is not closed. */
function valueAt(lines: readonly string[], first: number, start: string): Value | undefined {
  const quote = start[0];
  if (quote !== "'" && quote !== '"') {
    return { text: start.replace(/(?:^|[ \t])#.*$/, "").trim(), line: first, rest: undefined };
  }
  let text = "";
  for (let line = first; line < lines.length; line += 1) {
    const { inside, behind } = untilQuote(line === first ? start.slice(1) : (lines[line] ?? ""), quote);
    text += inside;
    if (behind === undefined) {
      text += "\n";
      continue;
    }
    const rest = behind.replace(/^[ \t]*(?:#.*)?$/, "").trim();
    return { text, line, rest: rest === "" ? undefined : JSON.stringify(rest.slice(0, 20)) };
  }
  return undefined;
}

function untilQuote(part: string, quote: string): { readonly inside: string; readonly behind: string | undefined } {
  let inside = "";
  for (let i = 0; i < part.length; i += 1) {
    const character = part[i] ?? "";
    if (character === quote) return { inside, behind: part.slice(i + 1) };
    const escaped = quote === '"' && character === "\\" ? ESCAPES[part[i + 1] ?? ""] : undefined;
    inside += escaped ?? character;
    if (escaped !== undefined) i += 1;
  }
  return { inside, behind: undefined };
}
