import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { TarSourceFiles } from "../../src/builder/source-files.ts";
import { isAppError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { makeTarGz, makeZip } from "../archives.ts";

const LIMITS = { uploadBytes: 1024 * 1024, entries: 200, unpackedBytes: 2 * 1024 * 1024, ratio: 100 };
const CASES = 2_500;
/** Far above what an import of this size takes. */
const LIMIT_MS = 5_000;

let folder = "";
let sources: TarSourceFiles;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-fuzz-"));
  sources = await TarSourceFiles.open(join(folder, "data/sources"), systemClock);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Imports it. Answers what came of it. @throws when that is neither a source nor a refusal, or something is left over */
async function importWhatever(archive: Uint8Array): Promise<"taken" | "refused"> {
  const path = join(folder, "upload");
  await writeFile(path, archive);
  const outcome = await Promise.race([
    sources.importArchive(path, LIMITS).then(
      (source) => source,
      (error: unknown) => error,
    ),
    new Promise<Error>((resolve) => setTimeout(() => resolve(new Error("it hangs")), LIMIT_MS).unref()),
  ]);
  assert.deepEqual(await readdir(join(folder, "data/sources/.importing")), []);
  assert.deepEqual((await readdir(folder)).toSorted(), ["data", "upload"]);
  assert.deepEqual(await readdir(join(folder, "data")), ["sources"]);
  if (outcome instanceof Error) {
    if (!isAppError(outcome, "invalid") && !isAppError(outcome, "too_large")) throw outcome;
    return "refused";
  }
  const { id } = outcome as { readonly id: string };
  for (const name of await sources.listPaths(id))
    assert.ok(!name.startsWith("/") && !name.split("/").includes(".."), `it brings ${name}`);
  await sources.remove(id);
  return "taken";
}

type Mutation = {
  readonly at: number;
  readonly kind: "set" | "cut" | "insert" | "copy" | "zero";
  readonly bytes: Uint8Array;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("set", "set", "cut", "insert", "copy", "zero"),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    // What parsers look for: signatures, extreme lengths, paths.
    fc.constantFrom(
      ...["PK\u0003\u0004", "PK\u0001\u0002", "PK\u0005\u0006", "../../x", "/etc/x", "\\..\\", "ustar"].map((text) =>
        Uint8Array.from(Buffer.from(text, "latin1")),
      ),
      Uint8Array.of(255, 255, 255, 255),
      Uint8Array.of(0, 0, 0, 0),
      Uint8Array.of(255, 255, 255, 127),
    ),
  ),
});

function mutate(original: Uint8Array, mutations: readonly Mutation[]): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (const { at, kind, bytes: change } of mutations) {
    const offset = Math.floor(at * bytes.length);
    const [head, tail] = [bytes.subarray(0, offset), bytes.subarray(offset)];
    if (kind === "set") bytes = Buffer.concat([head, change, tail.subarray(change.length)]);
    if (kind === "insert") bytes = Buffer.concat([head, change, tail]);
    if (kind === "cut")
      bytes = change.length > 4 ? Buffer.from(head) : Buffer.concat([head, tail.subarray(change.length)]);
    if (kind === "copy") bytes = Buffer.concat([head, tail.subarray(0, 64), tail]);
    if (kind === "zero")
      bytes = Buffer.concat([
        head,
        Buffer.alloc(Math.min(tail.length, change.length * 8)),
        tail.subarray(change.length * 8),
      ]);
  }
  return bytes;
}

const entries = [
  { name: "app/", unixMode: 0o40755 },
  { name: "app/index.js", content: "module.exports = 1;\n".repeat(40), unixMode: 0o100644 },
  { name: "app/run.sh", content: "#!/bin/sh\n", unixMode: 0o100755, isStored: true },
  { name: "app/link", content: "index.js", unixMode: 0o120777, isStored: true },
  { name: "app/ü/deep/empty", content: "", unixMode: 0o100600 },
];
const zip = makeZip(entries);
const tarGz = await makeTarGz([
  { name: "app", type: "directory", mode: 0o755 },
  { name: "app/index.js", content: "module.exports = 1;\n".repeat(40) },
  { name: "app/link", type: "symlink", linkname: "index.js" },
  { name: `app/${"long-".repeat(40)}name`, content: "pax header" },
]);
const tar = gunzipSync(tarGz);

const ways: readonly (readonly [string, (mutations: readonly Mutation[]) => Uint8Array])[] = [
  ["a zip", (mutations) => mutate(zip, mutations)],
  ["a tar in a good gzip", (mutations) => gzipSync(mutate(tar, mutations))],
  ["a gzip", (mutations) => mutate(tarGz, mutations)],
];

for (const [what, make] of ways) {
  test(`${what} with anything wrong in it is taken or refused: no crash, no hang, nothing outside, nothing left over`, async () => {
    const seen = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        seen[await importWhatever(make(mutations))] += 1;
      }),
      { numRuns: CASES },
    );
    assert.ok(seen.taken > 0 && seen.refused > 100, JSON.stringify(seen));
  });
}

test("any names and kinds of entries are taken or refused", async () => {
  const name = fc.oneof(
    fc.string({ maxLength: 20, unit: "binary" }),
    fc
      .array(fc.constantFrom("a", "b", "..", ".", "", "c d", "\\", "C:", "\0", "node_modules"), { maxLength: 5 })
      .map((parts) => parts.join("/")),
  );
  const entry = fc.record({
    name,
    content: fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom("../../etc/passwd", "/etc", "a", "a/../../b")),
    unixMode: fc.constantFrom(0o100644, 0o120777, 0o40755, 0o060000, 0o010000, 0),
    isStored: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (list) => {
      await importWhatever(makeZip(list));
    }),
    { numRuns: CASES },
  );
});
