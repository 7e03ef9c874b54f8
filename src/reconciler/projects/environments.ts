/** What a service's instances get as their environment, out of what the store keeps now. */

import { type PresetUrls, resolveEnv } from "../../domain/resolve-env.ts";
import type { Service } from "../../domain/service.ts";
import { type ReaderStores, readProjectState } from "./project-reader.ts";

export class Environments {
  readonly #presets: PresetUrls;

  constructor(presets: PresetUrls) {
    this.#presets = presets;
  }

  /** @param given what its manifest or the request gives; it lies over what project, group and service keep */
  async of(
    stores: ReaderStores,
    { id, projectId }: Pick<Service, "id" | "projectId">,
    given: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>> {
    const state = await readProjectState(stores, projectId);
    const own = state.services.find((s) => s.id === id);
    return own === undefined ? given : resolveEnv(state, own, this.#presets, given).env;
  }
}
