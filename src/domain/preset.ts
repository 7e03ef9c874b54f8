/** Presets: databases and the like, ready to be created with fresh secrets. Seed: DeployKit's `/presets/databases`. */

import type { PortSpec, VolumeMount } from "./deployment.ts";

export const GENERATORS = ["random_hex_32", "random_base64_24", "password_24"] as const;
/** 64 hex digits; 32 characters of base64url; 24 letters and digits. */
export type Generator = (typeof GENERATORS)[number];

export type PresetVariable =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly generate: Generator };

export type Preset = {
  readonly id: string;
  readonly name: string;
  /** What is pulled where a registry can be reached. */
  readonly image: string;
  readonly iconUrl: string;
  readonly ports: readonly PortSpec[];
  readonly envVars: readonly PresetVariable[];
  /** Empty: the image's own. */
  readonly command: readonly string[];
  /** Where it keeps its data; stays over redeploys and is written by one instance only. */
  readonly volumes: readonly VolumeMount[];
  /**
   * How `${{ name.URL }}` looks: `{HOST}`, `{PORT}` and `{KEY}` for each of its variables stand for their values,
   * URL-encoded.
   */
  readonly url: string;
  /** It can be built from the distribution's packages where no registry can be reached. */
  readonly hasRecipe: boolean;
};

/** A preset with its secrets made. */
export type MaterializedPreset = Omit<Preset, "envVars"> & {
  readonly envVars: readonly { readonly key: string; readonly value: string }[];
};

export interface PresetCatalog {
  /** Sorted by name; nothing is generated. */
  list(): readonly Preset[];
  find(id: string): Preset | undefined;
  /** Fresh secrets each time. @throws AppError `not_found` */
  materialize(id: string): MaterializedPreset;
  /**
   * Its image is on the engine, or can be pulled, or can be built from packages.
   * @throws AppError `unprocessable` naming the image, and what to do
   */
  requireAvailable(id: string): Promise<void>;
}
