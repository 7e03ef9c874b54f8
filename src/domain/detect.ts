/** What a source without a manifest is, told from its paths and its package.json. Pure. */

export type Detection = {
  /** Name of the runtime, or null when the source's own Dockerfile is used. */
  readonly runtime: string | null;
  /** For people: what was found and what follows from it. */
  readonly reason: string;
};

/** What would have been recognised, for the error of a source that can't be told. */
export const RECOGNISED_FILES =
  "a Dockerfile, package.json, index.js, requirements.txt, a Python file such as handle.py or app.py, or index.html";

const NODE_FILES = ["index.js", "index.mjs", "index.cjs", "index.ts", "server.js", "app.js", "handler.js"];
const PYTHON_FILES = ["requirements.txt", "pyproject.toml", "handle.py", "index.py", "handler.py", "app.py", "main.py"];
const PAGE_FILES = ["index.html", "public/index.html", "dist/index.html", "build/index.html"];

/**
 * `paths` are all files of the source; `packageJson` is its text, if there is one. Undefined when it can't be told.
 * A Dockerfile says most and wins; then package.json, Node's and Python's usual files; a page last.
 */
export function detectRuntime(paths: readonly string[], packageJson: string | undefined): Detection | undefined {
  const first = (candidates: readonly string[]): string | undefined => candidates.find((path) => paths.includes(path));
  if (paths.includes("Dockerfile")) return { runtime: null, reason: "found a Dockerfile: it is built as it is" };
  const page = first(PAGE_FILES);
  if (packageJson !== undefined) return detectPackage(packageJson, first(NODE_FILES), page);
  const script = first(NODE_FILES);
  if (script !== undefined) return { runtime: "node", reason: `found ${script}: it runs on Node` };
  const python = first(PYTHON_FILES) ?? onlyPythonFile(paths);
  if (python !== undefined) return { runtime: "python", reason: `found ${python}: it runs on Python` };
  return page === undefined
    ? undefined
    : { runtime: "static", reason: `found ${page}: its files are served as they are` };
}

/** A package.json of a site's tools alone (no start script, no code to run) leaves the site static. */
function detectPackage(text: string, script: string | undefined, page: string | undefined): Detection | undefined {
  const { start, main } = readPackage(text);
  if (start !== undefined) return { runtime: "node", reason: `found package.json: the app is started with "${start}"` };
  const file = main ?? script;
  if (file !== undefined) return { runtime: "node", reason: `found package.json: ${file} runs on Node` };
  if (page !== undefined) {
    return { runtime: "static", reason: `found ${page} and no start script: its files are served as they are` };
  }
  return undefined;
}

/** A package.json that is no JSON tells nothing here; npm will say what is wrong with it when it is built. */
function readPackage(text: string): { readonly start: string | undefined; readonly main: string | undefined } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { start: undefined, main: undefined };
  }
  const scripts = field(json, "scripts");
  return { start: textOf(field(scripts, "start")), main: textOf(field(json, "main")) };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function onlyPythonFile(paths: readonly string[]): string | undefined {
  const scripts = paths.filter((path) => /^[^/]+\.py$/.test(path));
  return scripts.length === 1 ? scripts[0] : undefined;
}
