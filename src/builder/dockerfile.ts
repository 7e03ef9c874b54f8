/**
 * As much of the Dockerfile language as a builder needs: where instructions start and end (continuations, comments,
 * `# escape=`, heredocs), which images a file builds on, and mounts added to its RUN instructions. Pure text in, text out.
 */

export type Instruction = {
  /** Upper case. */
  readonly keyword: string;
  /** What follows the keyword, continuation lines joined, comments left out. */
  readonly value: string;
  /** Index of its first line, from 0. */
  readonly line: number;
};

const HEREDOC_KEYWORDS = ["RUN", "COPY", "ADD"];

/** All instructions in order. Never throws: what is no Dockerfile gives nonsense that the engine will refuse. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const continued = continuationOf(lines);
  const instructions: Instruction[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const start = /^\s*([A-Za-z]+)(?:\s+(.*))?$/.exec(lines[i] ?? "");
    if (isComment(lines[i]) || start === null) continue;
    const line = i;
    const parts = [start[2] ?? ""];
    while (continued.test(parts.at(-1) ?? "") && i + 1 < lines.length) {
      i += 1;
      if (isBlank(lines[i]) || isComment(lines[i])) continue;
      parts[parts.length - 1] = (parts.at(-1) ?? "").replace(continued, "");
      parts.push(lines[i] ?? "");
    }
    const keyword = (start[1] ?? "").toUpperCase();
    const value = parts.join("").replace(continued, "").trim();
    instructions.push({ keyword, value, line });
    if (HEREDOC_KEYWORDS.includes(keyword)) i = skipHeredocs(lines, i, value);
  }
  return instructions;
}

/** The file with `flags` after each RUN keyword; everything else byte for byte as it was. `ONBUILD RUN` is left alone. */
export function addRunFlags(text: string, flags: string): string {
  if (flags === "") return text;
  const lines = text.split("\n");
  for (const { keyword, line } of parseDockerfile(text)) {
    if (keyword === "RUN")
      lines[line] = (lines[line] ?? "").replace(/^(\s*RUN)(?=\s)/i, `$1 ${flags.replaceAll("$", "$$$$")}`);
  }
  return lines.join("\n");
}

/**
 * Images the file builds on, as written after `ARG`s are filled in, each once, in order. Stages of the file itself and
 * `scratch` are left out; so is what can't be resolved.
 */
export function baseImagesOf(text: string, buildArgs: Readonly<Record<string, string>>): readonly string[] {
  const args = new Map<string, string>();
  const stages = new Set<string>(["scratch"]);
  const images = new Set<string>();
  let isBeforeFirstFrom = true;
  for (const { keyword, value } of parseDockerfile(text)) {
    if (keyword === "ARG" && isBeforeFirstFrom) {
      const [, name = "", fallback = ""] = /^([A-Za-z_]\w*)(?:=(.*))?$/.exec(value) ?? [];
      args.set(
        name,
        Object.hasOwn(buildArgs, name) ? (buildArgs[name] ?? "") : fallback.replace(/^(["'])(.*)\1$/, "$2"),
      );
    }
    if (keyword !== "FROM") continue;
    isBeforeFirstFrom = false;
    const [, image = "", stage] = /^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i.exec(value) ?? [];
    const resolved = fillArgs(image, args);
    if (resolved !== "" && !stages.has(resolved.toLowerCase())) images.add(resolved);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return [...images];
}

/** Default of a global `ARG name=…`, if the file has one. */
export function argDefault(text: string, name: string): string | undefined {
  for (const { keyword, value } of parseDockerfile(text)) {
    if (keyword === "FROM") return undefined;
    if (keyword === "ARG" && value.startsWith(`${name}=`))
      return value.slice(name.length + 1).replace(/^(["'])(.*)\1$/, "$2");
  }
  return undefined;
}

function fillArgs(image: string, args: ReadonlyMap<string, string>): string {
  return image
    .replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback?: string) => args.get(name) || fallback || "")
    .replace(/\$(\w+)/g, (_, name: string) => args.get(name) ?? "");
}

/** Matches a line's end that continues it: the escape character, `\` unless a directive in the first lines says so. */
function continuationOf(lines: readonly string[]): RegExp {
  for (const line of lines) {
    const directive = /^\s*#\s*([A-Za-z]+)\s*=\s*(.+?)\s*$/.exec(line);
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === "escape" && directive[2] === "`") return /`[ \t]*$/;
  }
  return /\\[ \t]*$/;
}

/** The index of the last line of the heredocs that `value` opens, or `line` when it opens none. */
function skipHeredocs(lines: readonly string[], line: number, value: string): number {
  let end = line;
  for (const [, dash, , word] of value.matchAll(/(?<![<\w])<<(-?)(["']?)([A-Za-z_][\w.-]*)\2/g)) {
    const isEnd = (text: string | undefined): boolean => (dash === "-" ? text?.replace(/^\t+/, "") : text) === word;
    const found = lines.findIndex((text, i) => i > end && isEnd(text));
    if (found === -1) return line;
    end = found;
  }
  return end;
}

function isComment(line: string | undefined): boolean {
  return /^\s*#/.test(line ?? "");
}

function isBlank(line: string | undefined): boolean {
  return /^\s*$/.test(line ?? "");
}
