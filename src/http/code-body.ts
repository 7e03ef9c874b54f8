/** The JSON body of `POST /api/functions`: a function whose code stands in it, as text or as a zip in base64. */

import { createWriteStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { z } from "zod";
import { AppError, invalidField } from "../domain/errors.ts";
import { type Manifest, type ManifestReader, requireKnowableRuntime } from "../domain/manifest.ts";
import type { RuntimeCatalog } from "../domain/runtime.ts";
import { newId } from "../lib/ids.ts";

const ENCODINGS = ["text", "zip"] as const;
type Encoding = (typeof ENCODINGS)[number];

/** For people to read; what is checked is below and in src/manifest/. */
export const codeBodySchema = z
  .looseObject({
    name: z.string(),
    runtime: z.string().optional().describe("Needed for a text"),
    code: z.string(),
    code_encoding: z.enum(ENCODINGS).optional().describe("text (the default): one source file; zip: base64 of a zip"),
  })
  .describe("Beside these every field of a manifest: /api/manifest.schema.json");

export type CodeBodyParts = {
  readonly manifests: Pick<ManifestReader, "check">;
  readonly runtimes: Pick<RuntimeCatalog, "get" | "list">;
  /** Folder for files of requests under way. */
  readonly uploadsDir: string;
};

/** No longer text is parsed, in bytes: a text of JavaScript ends at 512 MiB. */
const LONGEST_BODY_BYTES = 480 * 1024 * 1024;
const MANIFEST_BYTES = 1024 * 1024;

/** How long such a body may be when a source may be `uploadBytes` long. */
export function codeBodyLimit(uploadBytes: number): number {
  return Math.min(LONGEST_BODY_BYTES, Math.ceil(uploadBytes / 3) * 4 + MANIFEST_BYTES);
}

/**
 * Hands manifest and archive to `work`, and removes the archive afterwards, whatever comes out.
 * @throws AppError `invalid` naming the fields, `not_found` (runtime)
 */
export async function withCodeBody<T>(
  body: unknown,
  parts: CodeBodyParts,
  work: (manifest: Manifest, archivePath: string) => Promise<T>,
): Promise<T> {
  const { code, encoding, rest } = splitBody(body);
  const manifest = await parts.manifests.check(rest);
  const file = encoding === "text" ? await codeFileOf(manifest.runtime, parts.runtimes) : undefined;
  await mkdir(parts.uploadsDir, { recursive: true, mode: 0o700 });
  const path = join(parts.uploadsDir, newId());
  try {
    if (file === undefined) await writeFile(path, bytesOf(code), { mode: 0o600 });
    else await writeOneFile(path, file, code);
    return await work(manifest, path);
  } finally {
    await rm(path, { force: true });
  }
}

function splitBody(body: unknown): {
  readonly code: string;
  readonly encoding: Encoding;
  readonly rest: Readonly<Record<string, unknown>>;
} {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new AppError("invalid", "The body is no JSON object.", {
      remedy: 'Send a form, or {"name":"hello","runtime":"node","code":"…"}.',
    });
  const { code, code_encoding, ...rest } = body as Readonly<Record<string, unknown>>;
  if (typeof code !== "string")
    throw invalidField("code", code === undefined ? "is required" : "must be a text", "Or send the folder as a form.");
  const encoding = ENCODINGS.find((known) => known === (code_encoding ?? "text"));
  if (encoding === undefined) throw invalidField("code_encoding", `must be ${ENCODINGS.join(" or ")}`);
  return { code, encoding, rest };
}

/** The file that a text becomes. @throws AppError `invalid` when there is none, `not_found` */
async function codeFileOf(runtime: Manifest["runtime"], runtimes: CodeBodyParts["runtimes"]): Promise<string> {
  const takers = async (): Promise<string> => {
    const names = (await runtimes.list()).filter(({ codeFile }) => codeFile !== null).map(({ name }) => name);
    return `Name a runtime that takes a text (${names.join(", ")}), or send a folder: a form, or code_encoding zip.`;
  };
  if (typeof runtime !== "string") throw invalidField("runtime", "is required with code as text", await takers());
  requireKnowableRuntime(runtime);
  const { codeFile } = await runtimes.get(runtime);
  if (codeFile !== null) return codeFile;
  throw invalidField("runtime", `${runtime} takes folders only, no code as text`, await takers());
}

/** @throws AppError `invalid` for what is no base64 */
function bytesOf(code: string): Buffer {
  const text = code.replaceAll(/\s/g, "");
  const bytes = Buffer.from(text, "base64");
  const letters = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  if (bytes.length === Math.floor((letters * 3) / 4) && bytes.length > 0) return bytes;
  throw invalidField(
    "code",
    "is no zip in base64",
    'Send what `base64 -w0 code.zip` prints, or use code_encoding "text".',
  );
}

async function writeOneFile(path: string, name: string, content: string): Promise<void> {
  const tar = pack();
  tar.entry({ name, mode: 0o644, mtime: new Date(0) }, content);
  tar.finalize();
  await pipeline(tar, createGzip(), createWriteStream(path, { mode: 0o600 }));
}
