/** Everything that has to do with presets: which there are, whether their images can be had, and how they are made. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostDebianOptions } from "../builder/host-base-options.ts";
import { EngineAvailability } from "../builder/preset-availability.ts";
import { BuiltInPresets } from "../builder/preset-catalog.ts";
import { PresetImageBuilder } from "../builder/preset-image-builder.ts";
import { DEFAULT_BUILD_LIMITS } from "../domain/build.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { Driver } from "../domain/driver.ts";
import { PRESETS } from "../domain/presets.ts";
import type { RegistryLogins } from "../domain/registry.ts";
import { systemClock } from "../lib/system-clock.ts";
import type { Config } from "./config.ts";

export type PresetPartsOptions = {
  readonly config: Pick<Config, "buildTimeoutMs" | "buildMemoryBytes">;
  readonly driver: Driver;
  readonly engine: BuildEngine;
  readonly logins: RegistryLogins;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export function createPresetParts({ config, driver, engine, logins, env }: PresetPartsOptions) {
  const imageAvailability = new EngineAvailability({ driver, logins, clock: systemClock });
  const presets = new BuiltInPresets({ presets: PRESETS, availability: imageAvailability });
  const places = { root: "/", home: env.HOME ?? "/root", env };
  const presetImages = new PresetImageBuilder({
    engine,
    images: driver,
    presets: PRESETS,
    recipesFolder: join(import.meta.dirname, "../presets"),
    limits: {
      timeoutMs: config.buildTimeoutMs,
      memoryBytes: config.buildMemoryBytes,
      cpuMillicores: DEFAULT_BUILD_LIMITS.cpuMillicores,
    },
    readHost: () => hostDebianOptions(places, env.TMPDIR ?? tmpdir()),
  });
  return { presets, presetImages, imageAvailability };
}
