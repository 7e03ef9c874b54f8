/** What is wrong with a manifest, where, and how it is told. */

import { AppError } from "../domain/errors.ts";

/** Where a thing stands in a text, both counted from 1. */
export type Position = { readonly line: number; readonly column: number };

export type Path = readonly (string | number)[];

export type Problem = {
  /** The field it is about; empty: the whole. */
  readonly path: Path;
  readonly words: string;
  /** Undefined where there is no text. */
  readonly position: Position | undefined;
};

/** `health.path`, `routes[0].host`, `env.LEVEL`. */
export function fieldOf(path: Path): string {
  return path.reduce<string>((field, part) => {
    if (typeof part === "number") return `${field}[${part}]`;
    const key = /^[^.[\]\s]+$/.test(part) ? part : JSON.stringify(part.slice(0, 60));
    return field === "" ? key : `${field}.${key}`;
  }, "");
}

/** `slipway.yml:4:1: …`, without the numbers where there is no text. */
export function lineOf({ words, position }: Problem, file: string): string {
  const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
  return `${place}: ${words}`;
}

/** All of them in one error, by line. */
export function invalidManifest(file: string, problems: readonly Problem[], cause?: unknown): AppError {
  const sorted = inOrder(problems);
  const fields: Record<string, string[]> = {};
  for (const { path, words } of sorted) {
    const field = fieldOf(path) || "manifest";
    const said = words.startsWith(`${field}: `) ? words.slice(field.length + 2) : words;
    fields[field] = [...(Object.hasOwn(fields, field) ? (fields[field] ?? []) : []), said];
  }
  const lines = sorted.slice(0, MOST_LINES).map((problem) => lineOf(problem, file));
  const more = sorted.length - lines.length;
  return new AppError("invalid", [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"), { fields, cause });
}

/** Longest list anybody reads. */
const MOST_LINES = 30;

/** By line, then column. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const [line, column] = [(p: Problem) => p.position?.line ?? 0, (p: Problem) => p.position?.column ?? 0];
  return problems.toSorted((a, b) => line(a) - line(b) || column(a) - column(b));
}
