/** Reads and writes a whole project as YAML: every problem at once with its line, key and the nearest known key. */

import { stringify } from "yaml";
import { z } from "zod";
import {
  isFunctionDocument,
  type ProjectDocument,
  type ProjectDocuments,
  type ServiceDocument,
} from "../domain/project-document.ts";
import type { ProjectSpec } from "../domain/project-spec.ts";
import { nearest } from "../lib/nearest.ts";
import { messageOf, unknownKey, wordsOf } from "./issue-words.ts";
import type { SchemaNode } from "./json-schema.ts";
import { fieldOf, invalidManifest, type Path, type Problem } from "./problem.ts";
import { documentOf, specOf } from "./project-document-spec.ts";
import { documentSchema, functionPartSchema, functionSchema, imageSchema, shellSchema } from "./project-schema.ts";
import { Places, readYaml } from "./yaml-text.ts";
import { withWrittenTexts } from "./zod-manifest-reader.ts";

/** What a server takes in one body, less what is around the document. */
const MAX_BYTES = 960 * 1024;
/** What the whole is called in errors when it came over HTTP. */
const PART = "document";

export class YamlProjectDocuments implements ProjectDocuments {
  async read(text: string, file: string): Promise<ProjectDocument> {
    const { value, problems, places } = readYaml(text, MAX_BYTES);
    if (problems.length > 0) throw invalidManifest(file, problems);
    return checked(value, places, file, functionSchema);
  }

  async check(value: unknown): Promise<ProjectSpec> {
    return specOf(checked(value, new Places(), PART, functionPartSchema));
  }

  async documentOf(spec: ProjectSpec): Promise<ProjectDocument> {
    return documentOf(spec);
  }

  async write(document: ProjectDocument, comment: readonly string[]): Promise<string> {
    const head = comment.map((line) => `# ${line}\n`).join("");
    return `${head}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  }

  async jsonSchema(): Promise<object> {
    return {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Slipway project",
      description: "A whole project for `slipway apply`, as `slipway export -f` writes it.",
      ...schemaOf(documentSchema),
    };
  }
}

/** @throws AppError `invalid` */
function checked(
  value: unknown,
  places: Places,
  file: string,
  functions: typeof functionSchema | typeof functionPartSchema,
): ProjectDocument {
  const problems: Problem[] = [];
  const shell = parsed(shellSchema, value, [], places, problems);
  const services: Record<string, ServiceDocument> = {};
  for (const [name, service] of Object.entries(rawServices(value))) {
    if (typeof service !== "object" || service === null || Array.isArray(service)) continue;
    const schema = isFunctionDocument(service) ? functions : imageSchema;
    const one = parsed(schema as z.ZodType<ServiceDocument>, service, ["services", name], places, problems);
    if (one !== undefined) services[name] = one;
  }
  if (shell === undefined || problems.length > 0) throw invalidManifest(file, problems);
  const groups = Object.entries(shell.groups ?? {}).map(([name, group]) => [name, group ?? {}] as const);
  return withWrittenTexts({ ...shell, groups: Object.fromEntries(groups), services }, places);
}

function rawServices(value: unknown): object {
  const services: unknown = typeof value === "object" && value !== null && "services" in value ? value.services : {};
  return typeof services === "object" && services !== null ? services : {};
}

/** What the schema makes of the part at `at`; problems go to the list. */
function parsed<T>(schema: z.ZodType<T>, value: unknown, at: Path, places: Places, problems: Problem[]): T | undefined {
  const result = schema.safeParse(value, { error: wordsOf, reportInput: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [...at, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) problems.push(unknown(schema, at, path, key, places));
      continue;
    }
    const position = issue.code === "invalid_key" ? places.ofKey(path) : places.ofValue(path);
    const field = fieldOf(path);
    problems.push({ path, words: field === "" ? messageOf(issue) : `${field}: ${messageOf(issue)}`, position });
  }
  return undefined;
}

function unknown(schema: z.ZodType, at: Path, parent: Path, key: string, places: Places): Problem {
  const path = [...parent, key];
  const position = places.ofKey(path);
  const inner = parent.slice(at.length);
  // A manifest's keys are told as those of a slipway.yml.
  if (inner[0] === "manifest") return { path, words: unknownKey(inner.slice(1), key), position };
  const known = knownKeys(schemaOf(schema), inner);
  const near = nearest(key.replaceAll("_", ""), known) ?? nearest(key, known);
  const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean \`${near}\`?`;
  const where = parent.length === 0 ? "" : ` in \`${fieldOf(parent)}\``;
  return { path, words: `unknown key \`${key.slice(0, 60)}\`${where}; ${hint}`, position };
}

function knownKeys(root: SchemaNode, path: Path): readonly string[] {
  const node = path.reduce<SchemaNode | undefined>((at, step) => {
    if (typeof step === "number") return at?.items;
    const inner = at?.properties?.[step] ?? at?.additionalProperties;
    return withoutNull(typeof inner === "object" ? inner : undefined);
  }, root);
  return Object.keys(node?.properties ?? {});
}

/** Of something that may be null, the something. */
function withoutNull(node: SchemaNode | undefined): SchemaNode | undefined {
  return node?.anyOf?.find((one) => one.type !== "null") ?? node;
}

function schemaOf(schema: z.ZodType): SchemaNode & object {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" }) as SchemaNode;
}
