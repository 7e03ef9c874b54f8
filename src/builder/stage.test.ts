import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract } from "tar-stream";
import { makeZip, zipOf } from "../../test/archives.ts";
import type { RuntimeFiles } from "../domain/runtime.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import { TarSourceFiles } from "./source-files.ts";
import { contentHashOf, openStage, planStage, type Stage } from "./stage.ts";
import { readTarEntry } from "./tar-entry.ts";

let folder = "";
let sources: TarSourceFiles;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-stage-"));
  sources = await TarSourceFiles.open(join(folder, "sources"), { now: () => 1 });
});
after(() => rm(folder, { recursive: true, force: true }));

async function sourceOf(zip: Uint8Array): Promise<string> {
  const path = join(folder, "a.zip");
  await writeFile(path, zip);
  return (await sources.importArchive(path, DEFAULT_ARCHIVE_LIMITS)).id;
}

function runtimeOf(shape: "dockerfile" | "folder", files: Readonly<Record<string, string>> = {}): RuntimeFiles {
  const times = { createdAt: 0, updatedAt: 0 };
  return {
    runtime: {
      name: "r",
      origin: "builtin",
      shape,
      path: "r",
      description: "",
      protocol: "http",
      defaultPort: 1,
      healthPath: null,
      options: {},
      memoryBytes: null,
      codeFile: null,
      reload: null,
      ...times,
    },
    dockerfile: "FROM runtime\n",
    files: Object.entries(files).map(([path, content]) => ({ path, mode: 0o755, content: Buffer.from(content) })),
  };
}

async function contentOf(stage: Stage, flags = ""): Promise<Readonly<Record<string, string>>> {
  const tar = extract();
  tar.end(await bytesOf(stage, flags));
  const files: Record<string, string> = {};
  for await (const entry of tar) files[entry.header.name] = (await readTarEntry(entry)).toString();
  return files;
}

async function bytesOf(stage: Stage, flags = ""): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of openStage(stage, flags)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("the source lies on top of the runtime's files, its Dockerfile on top of a runtime folder's", async () => {
  const id = await sourceOf(zipOf({ "a.txt": "source", Dockerfile: "FROM source\n" }));
  const stage = await planStage(sources, id, runtimeOf("folder", { "a.txt": "runtime", "b.txt": "runtime" }));
  assert.equal(stage.dockerfileOrigin, "source");
  assert.deepEqual(await contentOf(stage), { Dockerfile: "FROM source\n", "a.txt": "source", "b.txt": "runtime" });
});

test("a runtime that is a bare Dockerfile wins over the source's", async () => {
  const id = await sourceOf(zipOf({ "a.txt": "a", Dockerfile: "FROM source\n" }));
  const stage = await planStage(sources, id, runtimeOf("dockerfile"));
  assert.deepEqual(await contentOf(stage), { Dockerfile: "FROM runtime\n", "a.txt": "a" });
});

test("without any Dockerfile there is nothing to build", async () => {
  const id = await sourceOf(zipOf({ "a.txt": "a" }));
  await assert.rejects(() => planStage(sources, id, undefined), { code: "build_failed" });
});

test("the same stage gives the same bytes, and flags change RUN lines only", async () => {
  const id = await sourceOf(zipOf({ "a.txt": "RUN a", Dockerfile: "FROM a\nRUN b\n" }));
  const stage = await planStage(sources, id, undefined);
  assert.deepEqual(await bytesOf(stage), await bytesOf(stage));
  assert.deepEqual(await contentOf(stage, "--flag"), { Dockerfile: "FROM a\nRUN --flag b\n", "a.txt": "RUN a" });
});

test("what .dockerignore names stays out", async () => {
  const id = await sourceOf(zipOf({ ".dockerignore": "b\n", a: "a", "b/c": "c", Dockerfile: "FROM a\n" }));
  assert.deepEqual(Object.keys(await contentOf(await planStage(sources, id, undefined))).sort(), [
    ".dockerignore",
    "Dockerfile",
    "a",
  ]);
});

test("large files arrive whole", async () => {
  const content = randomBytes(8 * 1024 * 1024 + 3);
  const id = await sourceOf(
    makeZip([
      { name: "big", content },
      { name: "Dockerfile", content: "FROM a\n" },
    ]),
  );
  const tar = extract();
  tar.end(await bytesOf(await planStage(sources, id, undefined)));
  const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  for await (const entry of tar) {
    const bytes = await readTarEntry(entry);
    if (entry.header.name === "big") assert.equal(sha(bytes), sha(content));
  }
});

test("whoever stops reading early leaves nothing open", async () => {
  const id = await sourceOf(
    makeZip([
      { name: "big", content: randomBytes(1024 * 1024) },
      { name: "Dockerfile", content: "FROM a\n" },
    ]),
  );
  for await (const chunk of openStage(await planStage(sources, id, undefined), "")) {
    assert.ok(chunk.length > 0);
    break;
  }
});

test("the content hash follows everything that decides the image, and nothing else", async () => {
  const id = await sourceOf(zipOf({ "a.txt": "a" }));
  const stage = await planStage(sources, id, runtimeOf("folder", { x: "1" }));
  const hash = contentHashOf(stage, { a: "1", b: "2" }, { base: "sha256:1" });
  assert.equal(contentHashOf(stage, { b: "2", a: "1" }, { base: "sha256:1" }), hash);
  const others = [
    contentHashOf(stage, { a: "1" }, { base: "sha256:1" }),
    contentHashOf(stage, { a: "1", b: "2" }, { base: "sha256:2" }),
    contentHashOf({ ...stage, dockerfile: "FROM other\n" }, { a: "1", b: "2" }, { base: "sha256:1" }),
    contentHashOf(
      await planStage(sources, id, runtimeOf("folder", { x: "2" })),
      { a: "1", b: "2" },
      { base: "sha256:1" },
    ),
  ];
  assert.equal(new Set([hash, ...others]).size, 5);
});
