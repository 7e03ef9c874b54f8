/** The manifest reader: YAML or JSON in, checked fields out, or every problem at once with its line. */

import type { z } from "zod";
import {
  FUNKO_NETWORK,
  type Manifest,
  type ManifestFile,
  type ManifestReader,
  type ReadManifest,
} from "../domain/manifest.ts";
import { messageOf, unknownKey, wordsOf } from "./issue-words.ts";
import { fileJsonSchema } from "./json-schema.ts";
import { fieldOf, inOrder, invalidManifest, lineOf, type Path, type Problem } from "./problem.ts";
import { fileSchema, partSchema } from "./schema.ts";
import { Places, readYaml } from "./yaml-text.ts";

type Schema = typeof fileSchema | typeof partSchema;
/** `key`: it is about a key that is not known. */
type Found = Problem & { readonly unknown: Path | undefined };

/** What the part of a form is called in errors. */
const PART = "manifest";

export class ZodManifestReader implements ManifestReader {
  async read(text: string, file: ManifestFile): Promise<ReadManifest> {
    return file === "funko.yml" ? readFunko(text) : { manifest: readText(text, file, fileSchema), ...NOTHING_ELSE };
  }

  async readPart(text: string): Promise<ReadManifest> {
    const json = jsonOf(text);
    const manifest = json === undefined ? readText(text, PART, partSchema) : checked(json, partSchema);
    return { manifest, ...NOTHING_ELSE };
  }

  async check(value: unknown): Promise<Manifest> {
    return checked(value, partSchema);
  }

  async jsonSchema(): Promise<object> {
    return fileJsonSchema();
  }
}

const NOTHING_ELSE = { warnings: [], defaulted: [] } as const;

/** Undefined: it is no JSON, and YAML's reader says best what is wrong with it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checked(value: unknown, schema: Schema): Manifest {
  const { manifest, problems } = check(value, new Places(), schema);
  if (manifest !== undefined) return manifest;
  throw invalidManifest(PART, problems);
}

function readText(text: string, file: string, schema: Schema): Manifest {
  const { value, places } = parsed(text, file);
  const { manifest, problems } = check(value, places, schema);
  if (manifest !== undefined) return manifest;
  throw invalidManifest(file, problems);
}

/** Unknown keys and empty values are nobody's fault there: FaaSO ignores them. */
function readFunko(text: string): ReadManifest {
  const file: ManifestFile = "funko.yml";
  const { value, places } = parsed(text, file);
  const given = lowerName(withoutNulls(value));
  const first = check(given, places, fileSchema);
  const unknown = first.problems.filter((problem) => problem.unknown !== undefined);
  const known = unknown.reduce<unknown>((rest, problem) => without(rest, problem.unknown ?? []), given);
  const { manifest, problems } = unknown.length === 0 ? first : check(known, places, fileSchema);
  if (manifest === undefined) throw invalidManifest(file, problems);
  const warnings = inOrder(unknown).map((problem) => `${lineOf(problem, file)} (it is left out)`);
  const isDefault = manifest.networks === undefined;
  return {
    manifest: isDefault ? { ...manifest, networks: [FUNKO_NETWORK] } : manifest,
    warnings,
    defaulted: isDefault ? ["networks"] : [],
  };
}

function parsed(text: string, file: string): { readonly value: unknown; readonly places: Places } {
  const { value, problems, places } = readYaml(text);
  if (problems.length > 0) throw invalidManifest(file, problems);
  return { value, places };
}

type Checked = { readonly manifest: Manifest | undefined; readonly problems: readonly Found[] };

function check(value: unknown, places: Places, schema: Schema): Checked {
  const result = (schema as z.ZodType<Manifest>).safeParse(value, { error: wordsOf, reportInput: true });
  if (!result.success)
    return { manifest: undefined, problems: result.error.issues.flatMap((issue) => found(issue, places)) };
  return { manifest: withWrittenTexts(result.data, places), problems: [] };
}

function found(issue: z.core.$ZodIssue, places: Places): readonly Found[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const unknown = [...path, key];
      return { path: unknown, words: unknownKey(path, key), position: places.ofKey(unknown), unknown };
    });
  }
  const position = issue.code === "invalid_key" ? places.ofKey(path) : places.ofValue(path);
  const field = fieldOf(path);
  const words = field === "" ? messageOf(issue) : `${field}: ${messageOf(issue)}`;
  return [{ path, words, position, unknown: undefined }];
}

/** Where the schema made a text of a number, the text is what was written: `1.10` stays `1.10`. */
export function withWrittenTexts<T>(manifest: T, places: Places): T {
  for (const [path, source] of places.sources()) {
    const parent = path.slice(0, -1).reduce<unknown>(partOf, manifest);
    const key = path.at(-1);
    if (key === undefined || typeof partOf(parent, key) !== "string") continue;
    // What safeParse answers is this call's own copy.
    (parent as Record<string | number, unknown>)[key] = source;
  }
  return manifest;
}

function partOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[key];
}

/** A copy without the thing at `path`. */
function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? without(item, rest) : item));
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    if (name !== key) return [[name, inner] as const];
    return rest.length === 0 ? [] : [[name, without(inner, rest)] as const];
  });
  return Object.fromEntries(entries);
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}

function lowerName(value: unknown): unknown {
  const name = partOf(value, "name");
  return typeof name === "string" ? { ...(value as object), name: name.toLowerCase() } : value;
}
