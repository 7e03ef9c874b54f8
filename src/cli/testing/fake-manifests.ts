/** A manifest reader for the tests of the command line: it believes whatever the YAML says. */

import { parse } from "yaml";
import { AppError } from "../../domain/errors.ts";
import type { Manifest, ManifestFile, ManifestReader, ReadManifest } from "../../domain/manifest.ts";

export class FakeManifestReader implements ManifestReader {
  async read(text: string, file: ManifestFile): Promise<ReadManifest> {
    const manifest = await this.check(parse(text));
    const isFunko = file === "funko.yml" && manifest.name !== undefined;
    return { manifest: isFunko ? { ...manifest, name: manifest.name?.toLowerCase() } : manifest, warnings: [] };
  }

  readPart(text: string): Promise<ReadManifest> {
    return this.read(text, "slipway.yml");
  }

  async check(value: unknown): Promise<Manifest> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new AppError("invalid", "slipway.yml:1:1: holds no fields");
  }

  async jsonSchema(): Promise<object> {
    return { title: "slipway.yml" };
  }
}
