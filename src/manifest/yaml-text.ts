/** Reads one YAML mapping as plain values, and knows where each of them stands. JSON is YAML, too. */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Path, Position, Problem } from "./problem.ts";

/** Longest text that is read, in bytes; what is longer is no manifest. */
export const MAX_MANIFEST_BYTES = 256 * 1024;
/** Most values that aliases may unfold to, and how deep they may lie. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 64;

export type YamlText = {
  /** Undefined when there are problems. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly places: Places;
};

type Place = { readonly key: Position | undefined; readonly value: Position; readonly source: string | undefined };

/** Where the values of a text stand. */
export class Places {
  readonly #places = new Map<string, Place>();

  set(path: Path, place: Place): void {
    this.#places.set(JSON.stringify(path), place);
  }

  /** Of the value, or of the nearest thing around it that is there. */
  ofValue(path: Path): Position | undefined {
    const found = this.#places.get(JSON.stringify(path))?.value;
    return found ?? (path.length === 0 ? undefined : this.ofValue(path.slice(0, -1)));
  }

  /** Of the key in a mapping. */
  ofKey(path: Path): Position | undefined {
    return this.#places.get(JSON.stringify(path))?.key ?? this.ofValue(path);
  }

  /** The numbers and booleans, as they were written. */
  *sources(): Iterable<readonly [Path, string]> {
    for (const [path, { source }] of this.#places) if (source !== undefined) yield [JSON.parse(path) as Path, source];
  }
}

/** Never throws: what can't be read is a problem. */
export function readYaml(text: string, maxBytes = MAX_MANIFEST_BYTES): YamlText {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    return failed(`is larger than a manifest may be (${maxBytes / 1024} KiB)`, { line: 1, column: 1 });
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Compares every key with every other; the reader looks for itself.
      uniqueKeys: false,
      version: "1.2",
      schema: "core",
    });
    const problems = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS).map((error) => ({
      path: [],
      words: WORDS[error.code] ?? lowerFirst(error.message),
      position: positionIn(lines, error.pos[0]),
    }));
    if (problems.length > 0) return { value: undefined, problems, places: new Places() };
    return new Unfolding(lines).read(document.contents);
  } catch (error) {
    // The parser's own stack, when somebody nests brackets by the thousand.
    if (!(error instanceof RangeError)) throw error;
    return failed("is nested too deeply", { line: 1, column: 1 });
  }
}

/** One mistake can make every line after it look wrong. */
const MAX_PROBLEMS = 5;

const WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "tabs can't indent YAML: use spaces",
  MULTIPLE_DOCS: "holds several documents: write one, without `---`",
  TAG_RESOLVE_FAILED: "tags (`!…`) are not understood: write a plain value",
};

function failed(words: string, position: Position): YamlText {
  return { value: undefined, problems: [{ path: [], words, position }], places: new Places() };
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Turns nodes into values; aliases are followed, within limits. */
class Unfolding {
  readonly #lines: LineCounter;
  readonly #places = new Places();
  readonly #problems: Problem[] = [];
  readonly #anchors = new Map<string, Node>();
  #count = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(root: unknown): YamlText {
    if (isMap(root)) {
      const value = this.#value(root, []);
      return { value, problems: this.#problems, places: this.#places };
    }
    const isEmpty = root === null || (isScalar(root) && root.value === null);
    if (isEmpty) return { value: {}, problems: [], places: this.#places };
    return failed("holds no fields: write `name: hello`, for example", this.#positionOf(root));
  }

  #value(node: unknown, path: Path): unknown {
    this.#count += 1;
    const isTooMuch = this.#count > MAX_VALUES || path.length > MAX_DEPTH;
    if (isTooMuch) {
      if (!this.#problems.some(({ words }) => words === TOO_MUCH)) this.#say(path.slice(0, 1), TOO_MUCH, node);
      return null;
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return this.#value(target, path);
      this.#say(path, `there is no &${node.source} before *${node.source}`, node);
      return null;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined && node.anchor !== "") this.#anchors.set(node.anchor, node);
    }
    // What a key leads to got its place with the key.
    if (typeof path.at(-1) !== "string") this.#place(path, undefined, node);
    if (isMap(node)) return this.#mapping(node.items, path);
    if (isSeq(node)) return node.items.map((item, i) => this.#value(item, [...path, i]));
    return isScalar(node) ? plain(node.value, node.source) : null;
  }

  #mapping(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): unknown {
    const entries: [string, unknown][] = [];
    const lineOfKey = new Map<string, number>();
    for (const { key, value } of pairs) {
      const name = keyOf(key);
      if (name === undefined) {
        this.#say(path, "a key must be a plain text", key);
        continue;
      }
      const first = lineOfKey.get(name);
      const here = [...path, name];
      if (first !== undefined) this.#say(here, `\`${name}\` stands here twice, first in line ${first}`, key);
      if (name === "__proto__") this.#say(here, "can't be a key", key);
      if (first !== undefined || name === "__proto__") continue;
      lineOfKey.set(name, this.#positionOf(key).line);
      this.#place(here, key, value ?? key);
      entries.push([name, this.#value(value, here)]);
    }
    return Object.fromEntries(entries);
  }

  #place(path: Path, key: unknown, value: unknown): void {
    const node = isAlias(value) ? this.#anchors.get(value.source) : value;
    const isNumberOrFlag = isScalar(node) && (typeof node.value === "number" || typeof node.value === "boolean");
    this.#places.set(path, {
      key: key === undefined ? undefined : this.#positionOf(key),
      value: this.#positionOf(value),
      source: isNumberOrFlag ? node.source : undefined,
    });
  }

  #positionOf(node: unknown): Position {
    const range = (node as { readonly range?: readonly number[] | null } | null)?.range;
    return positionIn(this.#lines, range?.[0] ?? 0);
  }

  #say(path: Path, words: string, node: unknown): void {
    this.#problems.push({ path, words, position: this.#positionOf(node) });
  }
}

const TOO_MUCH = "is nested too deeply, or its aliases unfold to too much";

function keyOf(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? undefined);
}

/** What JSON can hold; else the text as it was written (`.nan`, dates of old YAML). */
function plain(value: unknown, source: string | undefined): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return source ?? String(value);
}
