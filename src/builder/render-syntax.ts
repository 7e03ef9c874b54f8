/**
 * Crinja's way to write a filter's argument, `{{ list | join " " }}`, put the way nunjucks takes it, `join(" ")`. Only
 * inside `{{ … }}` and `{% … %}`; text, comments, raw blocks and strings stay as they are.
 */

/** What can stand at an opening brace, each whole: raw block, comment, tag. Strings in a tag may hold its end. */
const RAW_BLOCK = /\{%-?\s*(raw|verbatim)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}/y;
const COMMENT = /\{#[\s\S]*?#\}/y;
const TAGS = [
  /\{\{(?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|(?!\}\})[^"'])*\}\}/y,
  /\{%(?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|(?!%\})[^"'])*%\}/y,
];
const TAG_START = /\{[{%#]/g;
/** A string of its own, which is skipped, or a filter with a string after it. */
const STRING = `"(?:\\\\[\\s\\S]|[^"\\\\])*"|'(?:\\\\[\\s\\S]|[^'\\\\])*'`;
const STRING_OR_FILTER = new RegExp(`(\\|\\s*[A-Za-z_]\\w*)[ \\t]*(${STRING})|${STRING}`, "g");

/** True when a template engine would find something to do in it. */
export function hasTags(text: string): boolean {
  return /\{[{%#]/.test(text);
}

/** The template with parentheses around the argument of such filters. Lines stay where they are. */
export function withParentheses(text: string): string {
  const parts: string[] = [];
  let done = 0;
  while (done < text.length) {
    TAG_START.lastIndex = done;
    const start = TAG_START.exec(text)?.index;
    // The end, or something that never ends: the engine's parser has the words for it.
    const found = start === undefined ? undefined : tagAt(text, start);
    if (start === undefined || found === undefined) break;
    parts.push(text.slice(done, start), found.isTag ? translate(found.text) : found.text);
    done = start + found.text.length;
  }
  return parts.join("") + text.slice(done);
}

function tagAt(text: string, start: number): { readonly text: string; readonly isTag: boolean } | undefined {
  for (const pattern of [RAW_BLOCK, COMMENT, ...TAGS]) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match !== null) return { text: match[0], isTag: TAGS.includes(pattern) };
  }
  return undefined;
}

function translate(tag: string): string {
  return tag.replace(STRING_OR_FILTER, (whole: string, filter?: string, argument?: string) =>
    filter === undefined ? whole : `${filter}(${argument})`,
  );
}
