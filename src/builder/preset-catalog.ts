/** The presets, with fresh secrets for whoever creates one and a word in time where its image can't be had. */

import { AppError } from "../domain/errors.ts";
import type { MaterializedPreset, Preset, PresetCatalog } from "../domain/preset.ts";
import type { ImageAvailability } from "../domain/preset-images.ts";
import { generateSecret } from "./preset-secrets.ts";

export type BuiltInPresetsOptions = {
  readonly presets: readonly Preset[];
  readonly availability: ImageAvailability;
};

export class BuiltInPresets implements PresetCatalog {
  readonly #sorted: readonly Preset[];
  readonly #availability: ImageAvailability;

  constructor({ presets, availability }: BuiltInPresetsOptions) {
    this.#sorted = [...presets].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#availability = availability;
  }

  list(): readonly Preset[] {
    return this.#sorted;
  }

  find(id: string): Preset | undefined {
    return this.#sorted.find((preset) => preset.id === id);
  }

  materialize(id: string): MaterializedPreset {
    const preset = this.#get(id);
    const envVars = preset.envVars.map((variable) =>
      "value" in variable ? variable : { key: variable.key, value: generateSecret(variable.generate) },
    );
    return { ...preset, envVars };
  }

  async requireAvailable(id: string): Promise<void> {
    const preset = this.#get(id);
    if (preset.hasRecipe) return;
    if ((await this.#availability.look(preset.image)) === "out_of_reach") throw outOfReach(preset);
  }

  #get(id: string): Preset {
    const preset = this.find(id);
    if (preset !== undefined) return preset;
    throw new AppError("not_found", `There is no preset ${JSON.stringify(id.slice(0, 80))}.`, {
      remedy: `There are ${this.#sorted.map((known) => known.id).join(", ")}.`,
    });
  }
}

/** Databases that do for one that can be had from a registry only. */
const STAND_INS: Readonly<Record<string, string>> = { mysql: "mariadb" };

/** Its image is not on the engine, no registry gives it, and it is in no distribution's packages. */
export function outOfReach({ id, name, image }: Pick<Preset, "id" | "name" | "image">): AppError {
  const standIn = Object.hasOwn(STAND_INS, id) ? `, or use the preset ${STAND_INS[id]}` : "";
  return new AppError(
    "unprocessable",
    `${name} needs the image ${image}: it is not on the Docker engine, no registry that the engine reaches has it, and it can't be built from packages.`,
    {
      remedy: `Let the engine reach a registry (slipway registry login HOST where it needs a login), load the image with \`docker load\`${standIn}.`,
    },
  );
}
