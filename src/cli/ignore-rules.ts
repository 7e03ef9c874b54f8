/**
 * Rules of .slipwayignore and .dockerignore, both in Docker's syntax: patterns start at the folder itself, `**` spans
 * folders, `!` takes back, the last rule that matches wins, `#` starts a comment. Pure.
 */

export type IgnoreRules = {
  /** True when a rule takes something back, so that an ignored folder must still be looked into. */
  readonly hasExceptions: boolean;
  /** `path` is relative, with `/`. `otherwise`: the answer when no rule matches it or a folder above it. */
  isIgnored(path: string, otherwise: boolean): boolean;
};

type Rule = { readonly isException: boolean; readonly pattern: RegExp };

export function parseIgnoreRules(text: string): IgnoreRules {
  const rules = text.split(/\r?\n/).flatMap(parseRule);
  return {
    hasExceptions: rules.some((rule) => rule.isException),
    isIgnored: (path, otherwise) => {
      const last = rules.findLast((rule) => rule.pattern.test(path));
      return last === undefined ? otherwise : !last.isException;
    },
  };
}

function parseRule(line: string): readonly Rule[] {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return [];
  const isException = text.startsWith("!");
  const path = (isException ? text.slice(1).trim() : text).replace(/^(\.?\/)+/, "").replace(/\/+$/, "");
  if (path === "" || path === ".") return [];
  // What is below a matching folder matches too.
  return [{ isException, pattern: new RegExp(`^${toExpression(path)}(?:/.*)?$`, "su") }];
}

function toExpression(pattern: string): string {
  return pattern.replace(
    /\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|\\.|[\\^$.|+(){}/[\]-]/gu,
    (token) => WILDCARDS[token] ?? (token.startsWith("[") && token.length > 1 ? toClass(token) : literal(token)),
  );
}

const WILDCARDS: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};

function toClass(token: string): string {
  const inside = token
    .slice(1, -1)
    .replace(/^!/, "^")
    .replace(/[\\[\]&]/g, "\\$&");
  return `[${inside}]`;
}

/** The character itself; `\*` and the like stand for what follows the backslash. */
function literal(token: string): string {
  const character = token.length > 1 ? token.slice(1) : token;
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
