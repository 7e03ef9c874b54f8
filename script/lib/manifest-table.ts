/** The table of docs/guides/the-manifest.md: one row for each field, out of the JSON Schema. */

import type { SchemaNode } from "../../src/manifest/json-schema.ts";

export function manifestTable(schema: SchemaNode): string {
  const rows = rowsOf(schema, "").map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return ["| field | what it may be | meaning |", "|---|---|---|", ...rows].join("\n");
}

function rowsOf(node: SchemaNode, prefix: string): readonly (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    const isRequired = node.required?.includes(key) === true;
    const meaning = `${field.description ?? ""}${field.default === undefined ? "" : ` (${String(field.default)})`}`;
    const row = [`\`${path}\``, `${shapeOf(field)}${isRequired ? ", required" : ""}`, meaning];
    const inner = field.items?.properties === undefined ? rowsOf(field, `${path}.`) : rowsOf(field.items, `${path}[].`);
    return [row, ...inner];
  });
}

function shapeOf(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(" or ");
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(shapeOf))].join(", or ");
  if (Array.isArray(node.type)) return "text or number";
  const range = [node.minimum, node.maximum].every((bound) => bound !== undefined)
    ? ` ${node.minimum} to ${node.maximum}`
    : "";
  switch (node.type) {
    case "array":
      return node.items?.properties === undefined ? `list of: ${shapeOf(node.items ?? {})}` : "list of mappings";
    case "object":
      if (node.properties !== undefined) return "mapping";
      return typeof node.additionalProperties === "object" && Object.keys(node.additionalProperties).length > 0
        ? `names to: ${shapeOf(node.additionalProperties)}`
        : "mapping";
    case "integer":
      return `whole number${range}`;
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case undefined:
      return "anything";
    default:
      return `${String(node.type)}${range}`;
  }
}
