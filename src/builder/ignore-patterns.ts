/**
 * `.dockerignore`: which paths of a context are left out. The engine applies it only to folders its own client sends, so
 * the builder does it. Go's `filepath.Match` with `**`; the last pattern that matches decides; `!` takes back.
 */

type Pattern = { readonly isException: boolean; readonly regex: RegExp };

/** Answers whether a path (no leading `/`) is left out. The Dockerfile and the file itself never are. */
export function parseIgnoreFile(text: string): (path: string) => boolean {
  const patterns = text.split(/\r?\n/).flatMap(parseLine);
  return (path) => {
    if (path === "Dockerfile" || path === ".dockerignore") return false;
    let isIgnored = false;
    for (const { isException, regex } of patterns) if (regex.test(path)) isIgnored = !isException;
    return isIgnored;
  };
}

function parseLine(line: string): readonly Pattern[] {
  if (line.startsWith("#")) return [];
  const trimmed = line.trim();
  const isException = trimmed.startsWith("!");
  const names = (isException ? trimmed.slice(1).trim() : trimmed).split("/").filter((n) => n !== "" && n !== ".");
  if (names.length === 0 || names.includes("..")) return [];
  // A pattern that matches a folder matches all that lies in it.
  return [{ isException, regex: new RegExp(`^${names.map(nameRegex).join("")}(?:/.*)?$`, "s") }];
}

function nameRegex(name: string, index: number, names: readonly string[]): string {
  const isLast = index === names.length - 1;
  if (name === "**") return isLast ? ".*" : "(?:.*/)?";
  const body = name.replace(/\*\*+/g, "*").replace(/\\?[\s\S]/g, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    const literal = token.startsWith("\\") && token.length === 2 ? token.slice(1) : token;
    return literal.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  });
  return isLast ? body : `${body}/`;
}
