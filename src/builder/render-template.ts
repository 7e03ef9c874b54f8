/**
 * Templates of runtimes: nunjucks in the dialect FaaSO's are written in. Nothing is escaped; an option nobody gave is
 * empty; any other unknown variable is an error. Text without tags comes through byte for byte.
 */

import type { Environment } from "nunjucks";
import { AppError } from "../domain/errors.ts";
import type { RuntimeOptions } from "../domain/runtime.ts";
import { findFault, type TemplateNode } from "./render-check.ts";
import { hasTags, withParentheses } from "./render-syntax.ts";

/** The end of a template's name; taken off the file it makes. */
export const TEMPLATE_ENDING = ".j2";

/** Everything a template can use. */
export type TemplateContext = {
  /** The function's. */
  readonly name: string;
  /** Name or folder of the runtime. */
  readonly runtime: string;
  readonly options: RuntimeOptions;
};

type Engine = typeof import("nunjucks") & {
  readonly parser: { parse(text: string, extensions: readonly never[], options: object): TemplateNode };
};

/** Only a template needs it, and the server may never see one. */
let engine: Promise<{ readonly nunjucks: Engine; readonly environment: Environment }> | undefined;

/** `file` is what errors call it. @throws AppError `invalid` with file and, where it can be told, line */
export async function renderTemplate(file: string, text: string, context: TemplateContext): Promise<string> {
  if (!hasTags(text)) return text;
  engine ??= loadEngine();
  const { nunjucks, environment } = await engine;
  const template = withParentheses(text);
  try {
    const fault = findFault(nunjucks.parser.parse(template, [], {}), Object.keys(context));
    if (fault !== undefined) throw templateError(file, fault.line, fault.words);
    return new nunjucks.Template(template, environment, file, true).render({ ...context });
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw translated(file, error);
  }
}

async function loadEngine() {
  const nunjucks = (await import("nunjucks")).default as Engine;
  const environment = new nunjucks.Environment(null, { autoescape: false });
  environment.addFilter("join", join);
  environment.addFilter("title", title);
  return { nunjucks, environment };
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
function translated(file: string, error: unknown): AppError {
  const text = error instanceof Error ? error.message : String(error);
  const own = (error as { readonly lineno?: number }).lineno;
  const line = /\[Line (\d+)/.exec(text)?.[1];
  const words = text
    .replace(/^\([^)]*\)(?:\s*\[Line[^\]]*\])?\s*/, "")
    .replace(/^(?:Template render error|Error): /, "");
  return templateError(file, line === undefined ? own : Number(line), words.trim(), error);
}

function templateError(file: string, line: number | undefined, words: string, cause?: unknown): AppError {
  const where = line === undefined || line < 1 ? file : `${file}, line ${line}`;
  return new AppError("invalid", `${where}: ${words}`, {
    cause,
    fields: { [file]: [words] },
    remedy: "Mend the runtime's template. It can use name, runtime and options, loops, conditions and filters.",
  });
}
