/** The JSON Schema of a slipway.yml, for editors; made from the one schema. */

import { z } from "zod";
import type { Path } from "./problem.ts";
import { fileSchema, partSchema } from "./schema.ts";

/** A part of a JSON Schema, as far as somebody here looks into it. */
export type SchemaNode = {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly propertyNames?: SchemaNode;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
};

/** Where a server of this version serves it. */
export const SCHEMA_PATH = "/api/manifest.schema.json";

let file: SchemaNode | undefined;
let part: SchemaNode | undefined;

/** Draft 2020-12. */
export function fileJsonSchema(): SchemaNode & object {
  file ??= {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "slipway.yml",
    description: "A function's manifest. Every field may be left out.",
    ...generate(fileSchema),
  } as SchemaNode;
  return file;
}

function generate(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" }) as SchemaNode;
}

/** Keys that may stand at `path`, in the schema's order; empty where any may. */
export function knownKeys(path: Path): readonly string[] {
  part ??= generate(partSchema);
  const node = path.reduce<SchemaNode | undefined>(
    (at, step) => (typeof step === "number" ? at?.items : at?.properties?.[step]),
    part,
  );
  return Object.keys(node?.properties ?? {});
}
