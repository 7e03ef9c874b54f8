/** Patterns for one name: `*` any characters, `?` one, `[a-z]` one of these, `[^a]` or `[!a]` another, `\*` a star itself. */

const ANY = "any";

/** One entry per character of the name; `any` stands for none or more of them. */
export type Glob = readonly (typeof ANY | ((character: string) => boolean))[];

/** Never fails: a `[` without its `]` stands for itself. */
export function parseGlob(pattern: string): Glob {
  const tokens = pattern.match(/\*+|\\.|\[[!^]?(?:\\.|[^\\])(?:\\.|[^\]\\])*\]|./gsu) ?? [];
  return tokens.map((token) => {
    if (token.startsWith("*")) return ANY;
    if (token === "?") return () => true;
    if (token.startsWith("[") && token.length > 1) return parseClass(token.slice(1, -1));
    const literal = token.startsWith("\\") && token.length > 1 ? token.slice(1) : token;
    return (character) => character === literal;
  });
}

/** Takes at most as many steps as pattern and name have characters, multiplied. */
export function matchesGlob(glob: Glob, name: string): boolean {
  const characters = [...name];
  let at = 0;
  let position = 0;
  let resume: { readonly at: number; position: number } | undefined;
  for (;;) {
    const part = glob[at];
    const character = characters[position];
    if (part === undefined && character === undefined) return true;
    if (part === ANY) {
      at += 1;
      resume = { at, position };
    } else if (part !== undefined && character !== undefined && part(character)) {
      at += 1;
      position += 1;
    } else {
      if (resume === undefined || resume.position >= characters.length) return false;
      resume.position += 1;
      ({ at, position } = resume);
    }
  }
}

/** What stands between `[` and `]`. */
function parseClass(text: string): (character: string) => boolean {
  const isNegated = text.length > 1 && /^[!^]/.test(text);
  const ranges = [...(isNegated ? text.slice(1) : text).matchAll(/(\\.|.)(?:-(\\.|.))?/gsu)].map(
    ([, from = "", to = from]) => ({ from: codeOf(from), to: codeOf(to) }),
  );
  return (character) =>
    ranges.some(({ from, to }) => from <= codeOf(character) && codeOf(character) <= to) !== isNegated;
}

/** Of the character, or of the one behind its backslash. */
function codeOf(text: string): number {
  return text.codePointAt(text.length > 1 && text.startsWith("\\") ? 1 : 0) ?? 0;
}
