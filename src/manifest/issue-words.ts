/** What zod found, in words for the person who wrote the manifest. */

import type { z } from "zod";
import { nearest } from "../lib/nearest.ts";
import { knownKeys } from "./json-schema.ts";
import { fieldOf, type Path } from "./problem.ts";
import { shown } from "./shown.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

const SHAPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of fields",
  record: "a mapping of names to values",
};

/** Used by zod where the schema has no words of its own. */
export function wordsOf(issue: RawIssue): string {
  const { input } = issue;
  switch (issue.code) {
    case "invalid_type":
      return wrongType(SHAPES[String(issue.expected)] ?? String(issue.expected), input);
    case "too_small":
      return `must be at least ${issue.minimum}, not ${shown(input)}`;
    case "too_big":
      return `must be at most ${issue.maximum}, not ${shown(input)}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => String(value)).join(" or ")}, not ${shown(input)}`;
    case "invalid_key":
      return "can't be a name here";
    default:
      return `can't be ${shown(input)}`;
  }
}

function wrongType(wanted: string, input: unknown): string {
  if (input === undefined) return "is required";
  if (input === null) return `is empty: it must be ${wanted}; leave the key out otherwise`;
  const isQuoted =
    typeof input === "string" && wanted.endsWith("number") && input.trim() !== "" && !Number.isNaN(+input);
  return `must be ${wanted}, not ${shown(input)}${isQuoted ? "; write it without quotes" : ""}`;
}

/** What others call a field of ours. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  cmd: "command",
  cpu: "resources.cpu",
  cron: "schedule",
  domains: "routes",
  environment: "env",
  host: "routes",
  image: "runtime",
  limits: "resources",
  memory: "resources.memoryMb",
  path: "health.path",
  replicas: "scale.min",
  timeout: "timeoutMs",
};

/** ``unknown key `prot`; did you mean `port`?`` */
export function unknownKey(parent: Path, key: string): string {
  const known = knownKeys(parent).filter((name) => name !== "replicas");
  const other = parent.length === 0 && Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : undefined;
  const near = other ?? nearest(key, known);
  const where = parent.length === 0 ? "" : ` in \`${fieldOf(parent)}\``;
  const name = key.length <= 60 ? key : `${key.slice(0, 60)}…`;
  const all = known.length <= 8 ? `known here: ${known.join(", ")}` : "`slipway schema` prints all that are known";
  const hint = near === undefined ? all : `did you mean \`${near}\`?`;
  return `unknown key \`${name.replaceAll(/[\n\r]/g, " ")}\`${where}; ${hint}`;
}

/** An issue's own words; of a name that can't be a key, why. */
export function messageOf(issue: Issue): string {
  return issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}
