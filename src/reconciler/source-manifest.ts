/** The manifest that lies in a source: slipway.yml, else funko.yml. */

import {
  FUNKO_NETWORK,
  MANIFEST_FILES,
  type Manifest,
  type ManifestReader,
  type ManifestRules,
  type ReadManifest,
} from "../domain/manifest.ts";
import type { Source, SourceFiles } from "../domain/source.ts";

export type SourceManifestParts = {
  readonly sources: Pick<SourceFiles, "readFile">;
  readonly manifests: Pick<ManifestReader, "read">;
  readonly rules: Pick<ManifestRules, "networks">;
};

export type SourceManifest = { readonly manifest: Manifest; readonly warnings: readonly string[] };

/** More than any manifest may have, and little enough to be decoded at once. */
const MOST_BYTES = 1024 * 1024;

/** Nothing when it has none. @throws AppError `invalid` naming file, line and field */
export async function readSourceManifest(
  source: Source,
  { sources, manifests, rules }: SourceManifestParts,
): Promise<SourceManifest> {
  for (const file of MANIFEST_FILES) {
    const bytes = await sources.readFile(source.id, file);
    if (bytes === undefined) continue;
    const text = new TextDecoder().decode(bytes.subarray(0, MOST_BYTES));
    return withAllowedDefaults(await manifests.read(text, file), rules.networks);
  }
  return { manifest: {}, warnings: [] };
}

/** Nobody asked for the network that a funko.yml stands for: where it may not be joined, it is left out. */
function withAllowedDefaults(
  { manifest, warnings, defaulted }: ReadManifest,
  allowed: readonly string[],
): SourceManifest {
  if (defaulted?.includes("networks") !== true || allowed.includes(FUNKO_NETWORK)) return { manifest, warnings };
  const { networks: _, ...others } = manifest;
  return {
    manifest: others,
    warnings: [
      ...warnings,
      `the network ${FUNKO_NETWORK} of a funko.yml is not joined: it is not allowed on this server`,
    ],
  };
}
