/** The thread that renders templates: checked first, with nothing of a value to be had but its own entries. */

import { parentPort } from "node:worker_threads";
import nunjucks from "nunjucks";
import { findFault, type TemplateFault, type TemplateNode } from "./render-check.ts";
import { withParentheses } from "./render-syntax.ts";
import type { RenderAnswer, RenderJob } from "./render-thread.ts";

type Engine = typeof nunjucks & {
  readonly parser: { parse(text: string, extensions: readonly never[], options: object): TemplateNode };
  readonly runtime: { memberLookup: (value: unknown, key: unknown) => unknown };
};

/** A Dockerfile or a source file of any size that makes sense. */
const LONGEST_OUTPUT = 4 * 1024 * 1024;

const engine = nunjucks as Engine;
// nunjucks' own answers with what a value inherits, too: `"".constructor`.
engine.runtime.memberLookup = (value, key) =>
  value !== undefined && value !== null && Object.hasOwn(Object(value), String(key))
    ? (value as Readonly<Record<string, unknown>>)[String(key)]
    : undefined;
const environment = new engine.Environment(null, { autoescape: false });
environment.addFilter("join", join);
environment.addFilter("title", title);

parentPort?.on("message", (job: RenderJob) => {
  // Loading this thread does not count against a template's time.
  parentPort?.postMessage("started");
  parentPort?.postMessage(answer(job));
});

function answer({ file, text, context }: RenderJob): RenderAnswer {
  const template = withParentheses(text);
  try {
    const fault = findFault(engine.parser.parse(template, [], {}), Object.keys(context));
    if (fault !== undefined) return { fault };
    const rendered = new engine.Template(template, environment, file, true).render({ ...context });
    return rendered.length > LONGEST_OUTPUT ? { fault: { words: "makes more than 4 MiB of text" } } : { rendered };
  } catch (error) {
    return { fault: translated(error) };
  }
}

/** As Crinja has it: one text joins to itself, what is missing to nothing. */
function join(value: unknown, separator = ""): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(separator) : String(value);
}

function title(value: unknown): string {
  return String(value ?? "").replace(/\p{L}[\p{L}\p{N}'’]*/gu, (word) => {
    const [first = "", ...rest] = word;
    return first.toUpperCase() + rest.join("").toLowerCase();
  });
}

/** nunjucks' errors: `(Dockerfile.j2) [Line 3, Column 7]\n  words`, or the words with the line beside them. */
function translated(error: unknown): Partial<TemplateFault> & { readonly words: string } {
  const text = error instanceof Error ? error.message : String(error);
  const own = (error as { readonly lineno?: number }).lineno;
  const line = /\[Line (\d+)/.exec(text)?.[1];
  const words = text
    .replace(/^\([^)]*\)(?:\s*\[Line[^\]]*\])?\s*/, "")
    .replace(/^(?:Template render error|Error): /, "");
  const known = line === undefined ? own : Number(line);
  return { words: words.trim(), ...(known !== undefined && { line: known }) };
}
