/** A project's document with the sources it names, ready to be sent to a server. */

import { dirname, resolve } from "node:path";
import { AppError } from "../domain/errors.ts";
import { type Manifest, mergeManifests } from "../domain/manifest.ts";
import { type FunctionDocument, isFunctionDocument, type ProjectDocument } from "../domain/project-document.ts";
import type { ApiClient } from "./api-client.ts";
import type { FunctionManifest } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { UsageError } from "./exit-codes.ts";
import { manifestOf, readSourceManifest } from "./function-manifest.ts";
import { readText } from "./read-text.ts";
import { openSource, type SourceUpload } from "./source-upload.ts";
import { type ReadySource, readySource } from "./staged-source.ts";

export type DocumentSource = { readonly name: string; readonly source: SourceUpload; readonly ready: ReadySource };

export type OpenDocument = {
  /** As it goes over HTTP: hashes in place of paths. */
  readonly document: ProjectDocument;
  /** Of functions that name one, by name. */
  readonly sources: ReadonlyMap<string, DocumentSource>;
  /** Removes what was made on the way. */
  close(): Promise<void>;
};

const REMEDY = "Name a project's document; `slipway export -f FILE` writes one.";

/** `-` is standard input, its paths those from here. @throws UsageError, AppError `invalid` naming file, line and key */
export async function openDocument(typed: string, client: ApiClient, context: CliContext): Promise<OpenDocument> {
  const { deps } = context;
  const { text, name: file } = await readText(typed, deps, REMEDY);
  const read = await deps.documents.read(text, file);
  const folder = dirname(resolve(deps.cwd, typed));
  const sources = new Map<string, DocumentSource>();
  const close = async (): Promise<void> => {
    for (const { ready } of sources.values()) await ready.close();
  };
  try {
    const services: Record<string, object> = {};
    for (const [name, service] of Object.entries(read.services ?? {})) {
      const hasSource = isFunctionDocument(service) && service.source !== undefined;
      services[name] = hasSource ? await withHash(name, service, folder, sources, client, context) : service;
    }
    return { document: { ...read, services }, sources, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function withHash(
  name: string,
  { source: where = "", ...rest }: FunctionDocument,
  folder: string,
  sources: Map<string, DocumentSource>,
  client: ApiClient,
  context: CliContext,
): Promise<FunctionDocument> {
  const { deps, output } = context;
  const source = await inService(name, () => openSource(where, folder));
  if (source.skipped.length > 0)
    output.warn(`${name}: not uploaded, since they are no files: ${source.skipped.join(", ")}`);
  const own = (await inService(name, () => readSourceManifest(source, deps.manifests)))?.manifest ?? {};
  const given = rest.manifest ?? {};
  const flags = { name, ...(given.runtime !== undefined && { runtime: given.runtime }) };
  const sent = { ...(given as Partial<FunctionManifest>), ...(await manifestOf(flags, source, deps.manifests)) };
  const ready = await inService(name, () => readySource(source, flags, sent, client, context));
  sources.set(name, { name, source, ready });
  const sourceId = await inService(name, () => deps.identifySource(ready.open(() => undefined)));
  const { name: _, ...manifest } = mergeManifests(own, ready.manifest as Manifest);
  return { ...rest, kind: "function", sourceId, manifest };
}

/** Says which service it is that something is wrong with. */
async function inService<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { remedy, message } = cause;
    const options = { cause, ...(remedy !== undefined && { remedy }) };
    const words = `services.${name}: ${message}`;
    throw cause instanceof UsageError ? new UsageError(words, options) : new AppError(cause.code, words, options);
  }
}
