/** The manifest reader, whose libraries are loaded when the first manifest is read: `slipway --version` needs none. */

import type { Manifest, ManifestFile, ManifestReader, ReadManifest } from "../domain/manifest.ts";

export class LazyManifestReader implements ManifestReader {
  #loaded: Promise<ManifestReader> | undefined;

  async read(text: string, file: ManifestFile): Promise<ReadManifest> {
    return (await this.#reader()).read(text, file);
  }

  async readPart(text: string): Promise<ReadManifest> {
    return (await this.#reader()).readPart(text);
  }

  async check(value: unknown): Promise<Manifest> {
    return (await this.#reader()).check(value);
  }

  async jsonSchema(): Promise<object> {
    return (await this.#reader()).jsonSchema();
  }

  #reader(): Promise<ManifestReader> {
    this.#loaded ??= import("../manifest/zod-manifest-reader.ts").then((module) => new module.ZodManifestReader());
    return this.#loaded;
  }
}
