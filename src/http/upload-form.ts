/** Reads a multipart form: text fields, and one file that is streamed to disk. */

import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { FastifyRequest } from "fastify";
import { AppError, isAppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";

export type UploadForm = {
  readonly fields: Readonly<Record<string, string>>;
  /** Where the file was put, and what the client called it; undefined when the form had none. */
  readonly file: { readonly path: string; readonly name: string; readonly field: string } | undefined;
};

/**
 * Hands the form to `work` and removes the file afterwards, whatever comes out. `textParts`: fields that may come as files.
 * @throws AppError `unsupported_media_type` (no multipart), `invalid` (broken or cut off), `too_large`
 */
export async function withUploadForm<T>(
  request: FastifyRequest,
  folder: string,
  work: (form: UploadForm) => Promise<T>,
  options: { readonly textParts?: readonly string[] } = {},
): Promise<T> {
  if (!request.isMultipart()) {
    throw new AppError("unsupported_media_type", "The body is not multipart/form-data.", {
      remedy: "Send a form, for example: curl -F file=@code.zip …",
    });
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, newId());
  try {
    return await work(await readForm(request, path, options.textParts ?? []));
  } finally {
    await rm(path, { force: true });
  }
}

async function readForm(request: FastifyRequest, path: string, textParts: readonly string[]): Promise<UploadForm> {
  const fields: Record<string, string> = {};
  let file: UploadForm["file"];
  try {
    for await (const part of request.parts({ limits: { files: 1 + textParts.length } })) {
      if (part.type === "field") {
        if (part.valueTruncated) throw tooLong(part.fieldname);
        // A part that says it is JSON has been parsed on the way; the field is its text.
        fields[part.fieldname] = typeof part.value === "string" ? part.value : JSON.stringify(part.value);
        continue;
      }
      if (textParts.includes(part.fieldname)) {
        fields[part.fieldname] = await readText(part.file, part.fieldname);
        continue;
      }
      if (file !== undefined) throw tooManyParts();
      await pipeline(part.file, createWriteStream(path, { mode: 0o600 }));
      file = { path, name: part.filename, field: part.fieldname };
    }
  } catch (error) {
    throw formError(error);
  }
  return { fields, file };
}

/** A field that came as a file (`-F manifest=@slipway.yml`). */
async function readText(stream: AsyncIterable<Buffer>, field: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_TEXT_BYTES) throw tooLong(field);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const MAX_TEXT_BYTES = 1024 * 1024;

function tooManyParts(cause?: unknown): AppError {
  return new AppError("invalid", "The form has too many parts; one file and its fields are expected.", { cause });
}

function tooLong(field: string): AppError {
  return new AppError("too_large", `${field}: the field is longer than 1 MiB`, {
    fields: { [field]: ["is longer than 1 MiB"] },
    remedy: `Send a file as a file: curl -F ${field}=@PATH`,
  });
}

function formError(error: unknown): unknown {
  if (isAppError(error)) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === "FST_REQ_FILE_TOO_LARGE") {
    return new AppError("too_large", "The file is larger than this server allows.", {
      cause: error,
      remedy: "Leave out what the build can fetch itself (node_modules, for example), or raise SLIPWAY_UPLOAD_LIMIT.",
    });
  }
  if (code === "FST_FILES_LIMIT" || code === "FST_FIELDS_LIMIT" || code === "FST_PARTS_LIMIT") {
    return tooManyParts(error);
  }
  if (code === "ENOSPC" || code?.startsWith("FST_")) return error;
  return new AppError("invalid", `The form can't be read: ${message ?? "it ends too early"}.`, {
    cause: error,
    remedy: "Send the whole form again.",
  });
}
