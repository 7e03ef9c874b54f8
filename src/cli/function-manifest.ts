/**
 * What a function is called and made with: flags first, then slipway.yml or funko.yml in the folder, then the name of
 * the folder or archive. The other fields of those files are read by the server.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, isAppError } from "../domain/errors.ts";
import { requireServiceName, suggestName } from "../domain/names.ts";
import type { FunctionManifest } from "./api-views.ts";
import { UsageError } from "./exit-codes.ts";
import type { SourceUpload } from "./source-upload.ts";

export type ManifestFlags = {
  readonly name?: string;
  readonly runtime?: string;
  readonly port?: number;
  readonly volume?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly replicas?: number;
};

type FileFields = { readonly name?: string; readonly runtime?: string; readonly port?: number };

/** @throws UsageError when no usable name is found, naming the nearest one; AppError `invalid` for a broken file */
export async function manifestOf(flags: ManifestFlags, source: SourceUpload): Promise<FunctionManifest> {
  const fields = source.folder === undefined ? {} : await readManifestFile(source.folder);
  const runtime = flags.runtime ?? fields.runtime;
  const port = flags.port ?? fields.port;
  return {
    name: requireName(flags.name ?? fields.name, source.baseName),
    ...(runtime !== undefined && { runtime }),
    ...(port !== undefined && { port }),
    ...(flags.volume !== undefined && { volumes: flags.volume }),
    ...(flags.env !== undefined && { env: flags.env }),
    ...(flags.replicas !== undefined && { replicas: flags.replicas }),
  };
}

function requireName(given: string | undefined, baseName: string): string {
  const name = given ?? baseName;
  try {
    requireServiceName(name);
    return name;
  } catch (error) {
    if (!isAppError(error)) throw error;
    const remedy = given === undefined ? `Give it a name: --name ${usableName(name)}` : error.remedy;
    throw new UsageError(error.message, { cause: error, ...(remedy !== undefined && { remedy }) });
  }
}

function usableName(name: string): string {
  const suggestion = suggestName(name);
  if (suggestion === "") return "hello";
  try {
    requireServiceName(suggestion);
    return suggestion;
  } catch {
    return `my-${suggestion}`;
  }
}

async function readManifestFile(folder: string): Promise<FileFields> {
  const own = await readIfThere(join(folder, "slipway.yml"));
  if (own !== undefined) return parseFields("slipway.yml", own);
  const funko = await readIfThere(join(folder, "funko.yml"));
  if (funko === undefined) return {};
  const fields = await parseFields("funko.yml", funko);
  return fields.name === undefined ? fields : { ...fields, name: fields.name.toLowerCase() };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AppError("invalid", `${path} can't be read.`, { cause: error });
  }
}

async function parseFields(file: string, text: string): Promise<FileFields> {
  const { name, runtime, port } = await parseMapping(file, text);
  if (name !== undefined && typeof name !== "string") throw wrongField(file, "name", "a text");
  if (runtime !== undefined && typeof runtime !== "string") throw wrongField(file, "runtime", "a text");
  if (port !== undefined && typeof port !== "number") throw wrongField(file, "port", "a number");
  return {
    ...(name !== undefined && { name }),
    ...(runtime !== undefined && { runtime }),
    ...(port !== undefined && { port }),
  };
}

async function parseMapping(file: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import("yaml");
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid", `${file}: ${words}`, { cause });
  }
  if (content === null || content === undefined) return {};
  if (typeof content === "object" && !Array.isArray(content)) return { ...content };
  throw new AppError("invalid", `${file} holds no fields.`, { remedy: "Write `name: hello`, for example." });
}

function wrongField(file: string, field: string, shape: string): AppError {
  return new AppError("invalid", `${file}: ${field} must be ${shape}.`, { fields: { [field]: [`must be ${shape}`] } });
}
