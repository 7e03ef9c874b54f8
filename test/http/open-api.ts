/** What must be true of an OpenAPI 3.1 document, as far as this API uses it. Answers what is wrong. */

type Json = Readonly<Record<string, unknown>>;

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"];
const SCHEMA_LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SCHEMA_MAPS = ["properties", "patternProperties", "$defs"];
const SCHEMA_SINGLES = ["items", "additionalProperties", "propertyNames", "not", "contains"];

export function checkOpenApi(document: unknown): readonly string[] {
  const root = document as {
    readonly openapi?: unknown;
    readonly info?: Json;
    readonly paths?: Json;
    readonly components?: Json;
  };
  const problems: string[] = [];
  if (!/^3\.1\.\d+$/.test(String(root.openapi))) problems.push(`openapi is ${String(root.openapi)}`);
  for (const field of ["title", "version"]) if (typeof root.info?.[field] !== "string") problems.push(`info.${field}`);
  for (const [name, schema] of Object.entries((root.components?.schemas ?? {}) as Json))
    checkSchema(schema, `#/components/schemas/${name}`, root, problems);
  for (const [path, item] of Object.entries(root.paths ?? {})) checkPath(path, item as Json, root, problems);
  return problems;
}

function checkPath(path: string, item: Json, root: object, problems: string[]): void {
  if (!path.startsWith("/") || path.includes(":")) problems.push(`${path} is no path template`);
  for (const [method, operation] of Object.entries(item)) {
    const at = `${method} ${path}`;
    if (!METHODS.includes(method)) problems.push(`${at}: no method`);
    const {
      parameters = [],
      requestBody,
      responses = {},
    } = operation as {
      readonly parameters?: readonly Json[];
      readonly requestBody?: Json;
      readonly responses?: Json;
    };
    checkParameters(parameters, path, at, root, problems);
    if (requestBody !== undefined) checkContent(requestBody.content, `${at} body`, root, problems);
    if (Object.keys(responses).length === 0) problems.push(`${at}: no responses`);
    for (const [status, response] of Object.entries(responses)) {
      const { description, content } = response as Json;
      if (!/^([1-5]\d\d|[1-5]XX|default)$/.test(status)) problems.push(`${at}: status ${status}`);
      if (typeof description !== "string" || description === "") problems.push(`${at} ${status}: no description`);
      if (content !== undefined) checkContent(content, `${at} ${status}`, root, problems);
    }
  }
}

function checkParameters(
  parameters: readonly Json[],
  path: string,
  at: string,
  root: object,
  problems: string[],
): void {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const declared = parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
  if (JSON.stringify(inPath) !== JSON.stringify(declared)) problems.push(`${at}: path parameters ${String(declared)}`);
  const names = parameters.map((parameter) => `${String(parameter.in)} ${String(parameter.name)}`);
  if (new Set(names).size !== names.length) problems.push(`${at}: a parameter twice`);
  for (const parameter of parameters) {
    if (!["path", "query", "header", "cookie"].includes(String(parameter.in)))
      problems.push(`${at}: ${String(parameter.in)}`);
    if (parameter.in === "path" && parameter.required !== true)
      problems.push(`${at}: ${String(parameter.name)} not required`);
    checkSchema(parameter.schema, `${at} ${String(parameter.name)}`, root, problems);
  }
}

function checkContent(content: unknown, at: string, root: object, problems: string[]): void {
  const kinds = Object.entries((content ?? {}) as Json);
  if (kinds.length === 0) problems.push(`${at}: no content`);
  for (const [type, media] of kinds) {
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(type)) problems.push(`${at}: ${type} is no media type`);
    checkSchema((media as Json).schema, `${at} ${type}`, root, problems);
  }
}

function checkSchema(schema: unknown, at: string, root: object, problems: string[]): void {
  if (typeof schema === "boolean") return;
  if (typeof schema !== "object" || schema === null) {
    problems.push(`${at}: no schema`);
    return;
  }
  const known = schema as Json;
  if (typeof known.$ref === "string" && resolve(known.$ref, root) === undefined)
    problems.push(`${at}: ${known.$ref} leads nowhere`);
  for (const type of [known.type ?? []].flat())
    if (!TYPES.includes(String(type))) problems.push(`${at}: type ${String(type)}`);
  if (known.nullable !== undefined) problems.push(`${at}: nullable is OpenAPI 3.0's`);
  const required = (known.required ?? []) as readonly unknown[];
  if (!Array.isArray(required)) problems.push(`${at}: required`);
  for (const key of SCHEMA_LISTS)
    for (const [i, inner] of ((known[key] ?? []) as unknown[]).entries())
      checkSchema(inner, `${at}/${key}/${i}`, root, problems);
  for (const key of SCHEMA_MAPS)
    for (const [name, inner] of Object.entries((known[key] ?? {}) as Json))
      checkSchema(inner, `${at}/${name}`, root, problems);
  for (const key of SCHEMA_SINGLES)
    if (known[key] !== undefined) checkSchema(known[key], `${at}/${key}`, root, problems);
}

function resolve(reference: string, root: object): unknown {
  if (!reference.startsWith("#/")) return undefined;
  let found: unknown = root;
  for (const name of reference.slice(2).split("/")) found = (found as Json | undefined)?.[name];
  return found;
}
