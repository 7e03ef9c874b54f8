/**
 * The manifest inside a zip or tar.gz, so that what it calls its function is known before anything is sent. An archive
 * that can't be read has none here: it is the server that says what is wrong with it.
 */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { MANIFEST_FILES, type ManifestFile } from "../domain/manifest.ts";

export type ArchivedManifest = { readonly file: ManifestFile; readonly text: string };

/** Longer is no manifest. */
const LONGEST_BYTES = 1024 * 1024;

type NamedContent = { readonly name: string; readonly content: AsyncIterable<unknown> };
type Visit = (name: string, open: () => Promise<AsyncIterable<unknown>>) => Promise<void>;

/** Of the archive's top, or of the one folder that holds all of it. A slipway.yml wins over a funko.yml. */
export async function readArchivedManifest(path: string): Promise<ArchivedManifest | undefined> {
  const tops = new Set<string>();
  const texts = new Map<string, string>();
  const visit: Visit = async (name, open) => {
    const parts = name.replace(/^\.\//, "").split("/");
    tops.add(parts[0] ?? "");
    const isManifest = MANIFEST_FILES.some((file) => file === parts.at(-1));
    if (isManifest && parts.length <= 2) texts.set(parts.join("/"), await textOf({ name, content: await open() }));
  };
  try {
    await (/\.zip$/i.test(path) ? visitZip(path, visit) : visitTarGz(path, visit));
  } catch {
    return undefined;
  }
  const prefixes = tops.size === 1 ? ["", `${[...tops][0]}/`] : [""];
  for (const prefix of prefixes) {
    for (const file of MANIFEST_FILES) {
      const text = texts.get(prefix + file);
      if (text !== undefined) return { file, text };
    }
  }
  return undefined;
}

async function visitZip(path: string, visit: Visit): Promise<void> {
  const { openPromise } = await import("yauzl");
  const zip = await openPromise(path, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) await visit(entry.fileName, () => zip.openReadStreamPromise(entry));
  } finally {
    zip.close();
  }
}

async function visitTarGz(path: string, visit: Visit): Promise<void> {
  const { extract } = await import("tar-stream");
  const entries = extract();
  // What goes wrong reaches whoever reads the entries.
  pipeline(createReadStream(path), createGunzip(), entries, () => undefined);
  for await (const entry of entries) {
    await visit(entry.header.name, async () => entry);
    entry.resume();
  }
}

async function textOf({ name, content }: NamedContent): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`${name} is no file`);
    bytes += chunk.length;
    if (bytes > LONGEST_BYTES) throw new RangeError(`${name} is longer than a manifest can be`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
