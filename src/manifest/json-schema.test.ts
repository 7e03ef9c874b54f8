/** The JSON Schema for editors and the reader say the same. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import { nearest } from "../lib/nearest.ts";
import { fileJsonSchema, knownKeys, type SchemaNode } from "./json-schema.ts";
import type { Path } from "./problem.ts";
import { fileSchema } from "./schema.ts";
import { ZodManifestReader } from "./zod-manifest-reader.ts";

const reader = new ZodManifestReader();

/** Fields that belong together in a way that a generator must know; an object of the schema is made from them first. */
const TOGETHER: Readonly<Record<string, readonly (readonly string[])[]>> = {
  host: [["host"], ["path"]],
  status: [["path"], ["path", "status", "body"], ["output"], ["input", "output"]],
};

/** JSON as a reader of YAML takes it: `__proto__` can't be a key, however deep. */
const JSON_VALUES = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__":'));

/** Anything that the schema allows. */
function valuesOf(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(valuesOf));
  if (Array.isArray(node.type)) return fc.oneof(...node.type.map((type: string) => valuesOf({ ...node, type })));
  switch (node.type) {
    case "string":
      return node.pattern === undefined ? fc.string() : textsOf(node.pattern);
    case "integer":
      return fc.integer({ min: node.minimum ?? -1000, max: node.maximum ?? 1000 });
    case "number":
      return fc.double({ min: node.minimum ?? -1000, max: node.maximum ?? 1000, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valuesOf(node.items ?? {}), { maxLength: 4 });
    case "object":
      return node.properties === undefined ? mapsOf(node) : objectsOf(node.properties, node.required ?? []);
    default:
      assert.deepEqual(
        Object.keys(node).filter((key) => key !== "description"),
        [],
        "a part that allows everything",
      );
      return JSON_VALUES;
  }
}

/** Generators do not know look-aheads: made without them, then sifted. */
function textsOf(pattern: string): fc.Arbitrary<string> {
  const whole = new RegExp(pattern, "u");
  const loose = pattern.replaceAll(/\(\?!(?:[^()]|\([^()]*\))*\)/g, "");
  return fc.stringMatching(new RegExp(loose), { maxLength: 40 }).filter((text) => whole.test(text));
}

function mapsOf(node: SchemaNode): fc.Arbitrary<unknown> {
  const names = node.propertyNames?.pattern === undefined ? fc.string() : textsOf(node.propertyNames.pattern);
  const values = typeof node.additionalProperties === "object" ? valuesOf(node.additionalProperties) : JSON_VALUES;
  return fc.dictionary(
    names.filter((name) => name !== "__proto__"),
    values,
    { maxKeys: 4, noNullPrototype: true },
  );
}

function objectsOf(
  properties: Readonly<Record<string, SchemaNode>>,
  required: readonly string[],
): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(Object.entries(properties).map(([key, node]) => [key, valuesOf(node)]));
  const sets = TOGETHER[Object.keys(TOGETHER).find((key) => key in properties) ?? ""];
  if (sets === undefined) return fc.record(model, { requiredKeys: [...required], noNullPrototype: true });
  const records = sets.map((keys) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, model[key] ?? fc.constant(1)])), { noNullPrototype: true }),
  );
  return fc.oneof(...records);
}

const manifests = valuesOf(fileJsonSchema()).filter((value) => {
  const { scale } = value as { readonly scale?: { readonly min?: number; readonly max?: number } };
  return scale?.max === undefined || scale.max >= (scale.min ?? 1);
}) as fc.Arbitrary<Record<string, unknown>>;

test("what the JSON Schema allows, the reader takes", async () => {
  await fc.assert(
    fc.asyncProperty(manifests, async (manifest) => {
      await reader.check(manifest);
      await reader.read(JSON.stringify(manifest), "slipway.yml");
    }),
    { numRuns: 200 },
  );
});

/** All mappings in a manifest whose keys the schema lists, by path. */
function* fixedMappings(value: unknown, path: Path = []): Iterable<Path> {
  if (typeof value !== "object" || value === null) return;
  if (knownKeys(path).length > 0 && !Array.isArray(value)) yield path;
  for (const [key, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    if (knownKeys(path).includes(key) || typeof step === "number") yield* fixedMappings(inner, [...path, step]);
  }
}

test("a mistyped key is refused by both, and the reader names the key it was meant to be", async () => {
  const letter = fc.constantFrom(..."abcxyz_");
  await fc.assert(
    fc.asyncProperty(manifests, fc.nat(), fc.nat(), letter, async (manifest, where, which, typed) => {
      const copy = structuredClone(manifest);
      const paths = [...fixedMappings(copy)];
      const path = paths[where % paths.length] ?? [];
      const target = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy) as Record<
        string,
        unknown
      >;
      const known = knownKeys(path);
      const key = known[which % known.length] ?? "";
      const wrong = `${key}${typed}`;
      fc.pre(key.length > 3 && !known.includes(wrong) && key !== "replicas");
      target[wrong] = 1;
      const near = nearest(
        wrong,
        known.filter((name) => name !== "replicas"),
      );
      await assert.rejects(
        reader.check(copy),
        ({ message }: Error) =>
          message.includes(`unknown key \`${wrong}\``) && message.includes(`did you mean \`${near}\`?`),
      );
    }),
    { numRuns: 300 },
  );
});

test("it is a schema of draft 2020-12 that editors understand: closed objects, patterns of Unicode, a line about each field", () => {
  const schema = fileJsonSchema();
  assert.equal((schema as { readonly $schema?: string }).$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(fileSchema.shape));
  const look = (node: SchemaNode, path: string): void => {
    if (node.pattern !== undefined) assert.ok(new RegExp(node.pattern, "u"));
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      assert.ok((inner.description ?? "").length > 5, `${path}.${key} is described`);
      look(inner, `${path}.${key}`);
    }
    if (node.properties !== undefined) assert.equal(node.additionalProperties, false, path);
    if (typeof node.additionalProperties === "object") look(node.additionalProperties, `${path}.*`);
    if (node.items !== undefined) look(node.items, `${path}[]`);
    if (node.propertyNames !== undefined) look(node.propertyNames, `${path} names`);
    for (const choice of node.anyOf ?? []) look(choice, path);
  };
  look(schema, "");
});

test("the committed copy is the present one", async () => {
  const file = new URL("../../docs/slipway.schema.json", import.meta.url);
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), JSON.parse(JSON.stringify(fileJsonSchema())));
});
