/** Whatever text it gets, the reader answers a manifest or an AppError `invalid` that names the file; and soon. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../domain/errors.ts";
import { MANIFEST_FILES } from "../domain/manifest.ts";
import { knownKeys } from "./json-schema.ts";
import { ZodManifestReader } from "./zod-manifest-reader.ts";

const reader = new ZodManifestReader();
const keys = fc.oneof(
  fc.constantFrom(...knownKeys([]), "path", "min", "args", "__proto__", "<<", "toString"),
  fc.string(),
);
const pieces = fc.constantFrom(
  ..."{}[],:-?&*!|>'\"%@`#\\~.\t ",
  "\n",
  "\n  ",
  "\n- ",
  ": ",
  "---\n",
  "...\n",
  "&a ",
  "*a",
  "<<: *a",
  "!!binary ",
  "%YAML 1.1\n",
  "|\n",
  "1e400",
  ".inf",
  "0o7",
  "2020-01-01",
  "null",
  "\0",
  "\uFEFF",
  "\u2028",
  "\ud800",
);
const yaml = fc
  .array(fc.oneof(pieces, keys, fc.string({ unit: "binary", maxLength: 8 })))
  .map((parts) => parts.join(""));
const mapping = fc
  .array(fc.tuple(keys, yaml))
  .map((pairs) => pairs.map(([key, value]) => `${key}: ${value}`).join("\n"));

async function settles(work: () => Promise<unknown>, file: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "invalid", String(error));
    for (const line of error.message.split("\n"))
      assert.match(line, new RegExp(`^(${file}(:\\d+:\\d+)?: .|and \\d+ more$)`));
  }
}

test("random texts are read or refused in words", async () => {
  const files = fc.constantFrom(...MANIFEST_FILES);
  await fc.assert(
    fc.asyncProperty(fc.oneof(yaml, mapping), files, async (text, file) => {
      await settles(() => reader.read(text, file), file);
      await settles(() => reader.readPart(text), "manifest");
    }),
    { numRuns: 4000 },
  );
});

test("random values are taken or refused in words", async () => {
  const field = fc.tuple(fc.oneof(fc.constantFrom(...knownKeys([])), keys), fc.jsonValue());
  const values = fc.oneof(
    fc.anything(),
    fc.jsonValue(),
    fc.array(field).map((entries) => Object.fromEntries(entries)),
  );
  await fc.assert(
    fc.asyncProperty(values, (value) => settles(() => reader.check(value), "manifest")),
    { numRuns: 3000 },
  );
});
