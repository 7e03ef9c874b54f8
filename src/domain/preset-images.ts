/** Images of presets: whether they can be had, and how they are made where no registry can be reached. */

/** Makes the image of a preset from the packages of this machine's distribution. */
export interface PresetImages {
  /**
   * Answers the image's name, `slipway/preset-<id>:<first 12 of its content hash>`; one that is there already is
   * answered at once. `onLine`: the build's log, one line without its end. Two callers share one build.
   * @throws AppError `not_found` (no such preset), `unprocessable` (it has no recipe: names the image and what to do),
   *   `build_failed`, `unavailable`, `disk_full`, `cancelled`
   */
  build(presetId: string, onLine: (line: string) => void, signal: AbortSignal): Promise<string>;
}

/** Whether images can be had, as the engine sees it. */
export interface ImageAvailability {
  /** `present`: on the engine. `pullable`: a registry that the engine reaches has it. */
  look(reference: string): Promise<"present" | "pullable" | "out_of_reach">;
}
