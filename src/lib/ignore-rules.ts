/**
 * Ignore files in the syntax of `.dockerignore`: patterns start at the folder itself, `**` as a whole name spans folders,
 * `*`, `?` and `[a-z]` stay within a name, `!` takes back, the last rule that matches wins, `#` starts a comment. Not
 * made of regular expressions: these files come from strangers, and the time to match must not explode.
 */

import { type Glob, matchesGlob, parseGlob } from "./glob.ts";

export type IgnoreRules = {
  /** True when a rule takes something back, so that an ignored folder must still be looked into. */
  readonly hasExceptions: boolean;
  /** `path` is relative, with `/`. `otherwise`: the answer when no rule matches it or a folder above it. */
  isIgnored(path: string, otherwise: boolean): boolean;
};

const ANY_FOLDERS = "**";

type Rule = { readonly isException: boolean; readonly names: readonly (Glob | typeof ANY_FOLDERS)[] };

export function parseIgnoreRules(text: string): IgnoreRules {
  const rules = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .flatMap(parseRule);
  return {
    hasExceptions: rules.some((rule) => rule.isException),
    isIgnored: (path, otherwise) => {
      const names = path.split("/").filter((name) => name !== "");
      const last = rules.findLast((rule) => matchesStart(rule, names));
      return last === undefined ? otherwise : !last.isException;
    },
  };
}

function parseRule(line: string): readonly Rule[] {
  if (line.startsWith("#")) return [];
  const text = line.trim();
  const isException = text.startsWith("!");
  const names = plainNames(isException ? text.slice(1).trim() : text);
  return names.length === 0 ? [] : [{ isException, names: names.map((n) => (n === ANY_FOLDERS ? n : parseGlob(n))) }];
}

/** The names of a path without `.` and `..`; none when it leads out of the folder. */
function plainNames(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return [];
  }
  return names;
}

/** A rule that matches a folder matches all that lies in it: the start of the path is enough. */
function matchesStart({ names: pattern }: Rule, names: readonly string[]): boolean {
  let at = 0;
  let position = 0;
  // Where to go on from when a name does not match: behind the last `**`, one name further on each time.
  let resume: { readonly at: number; position: number } | undefined;
  for (let part = pattern[at]; part !== undefined; part = pattern[at]) {
    const name = names[position];
    if (part === ANY_FOLDERS) {
      at += 1;
      if (at === pattern.length) return name !== undefined;
      resume = { at, position };
    } else if (name !== undefined && matchesGlob(part, name)) {
      at += 1;
      position += 1;
    } else {
      if (resume === undefined || resume.position >= names.length) return false;
      resume.position += 1;
      ({ at, position } = resume);
    }
  }
  return true;
}
