/** Documents of projects and the ids of sources, whose libraries are loaded when they are first needed. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ProjectDocument, ProjectDocuments } from "../domain/project-document.ts";
import type { ProjectSpec } from "../domain/project-spec.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import { systemClock } from "../lib/system-clock.ts";

export class LazyProjectDocuments implements ProjectDocuments {
  #loaded: Promise<ProjectDocuments> | undefined;

  async read(text: string, file: string): Promise<ProjectDocument> {
    return (await this.#documents()).read(text, file);
  }

  async check(value: unknown): Promise<ProjectSpec> {
    return (await this.#documents()).check(value);
  }

  async documentOf(spec: ProjectSpec): Promise<ProjectDocument> {
    return (await this.#documents()).documentOf(spec);
  }

  async write(document: ProjectDocument, comment: readonly string[]): Promise<string> {
    return (await this.#documents()).write(document, comment);
  }

  async jsonSchema(): Promise<object> {
    return (await this.#documents()).jsonSchema();
  }

  #documents(): Promise<ProjectDocuments> {
    this.#loaded ??= import("../manifest/project-document-reader.ts").then(
      (module) => new module.YamlProjectDocuments(),
    );
    return this.#loaded;
  }
}

/** A server's own limits may be others; it says so when the source is uploaded. */
const LIMITS = { ...DEFAULT_ARCHIVE_LIMITS, uploadBytes: Number.MAX_SAFE_INTEGER, ratio: Number.MAX_SAFE_INTEGER };

/** The id that a server gives the files of an archive (zip or tar.gz). @throws AppError `invalid`, `too_large` */
export async function identifySource(archive: AsyncIterable<Uint8Array>): Promise<string> {
  const { TarSourceFiles } = await import("../builder/source-files.ts");
  const folder = await mkdtemp(join(tmpdir(), "slipway-source-"));
  try {
    const path = join(folder, "archive");
    await pipeline(Readable.from(archive), createWriteStream(path, { mode: 0o600 }));
    const files = await TarSourceFiles.open(join(folder, "sources"), systemClock);
    return (await files.importArchive(path, LIMITS)).id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
