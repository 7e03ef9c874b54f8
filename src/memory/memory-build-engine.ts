/** The memory driver's build endpoint: reads the context to its end and adds an image, nothing is run. */

import type { BuildEngine, EngineBuild } from "../domain/build-engine.ts";
import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";
import type { MemoryDriver } from "./memory-driver.ts";

export class MemoryBuildEngine implements BuildEngine {
  readonly #driver: MemoryDriver;

  constructor(driver: MemoryDriver) {
    this.#driver = driver;
  }

  async build(
    build: EngineBuild,
    onOutput: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly imageId: string }> {
    let sizeBytes = 0;
    for await (const chunk of build.openContext({ withSecrets: false })) {
      if (signal.aborted) throw new AppError("cancelled", "The build was cancelled.");
      sizeBytes += chunk.length;
    }
    onOutput(`read a context of ${sizeBytes} bytes\n`);
    const [first = `memory/${newId()}`, ...others] = build.tags;
    const imageId = this.#driver.addImage(first, { labels: build.labels });
    for (const tag of others) await this.#driver.tagImage(first, tag);
    return { imageId };
  }

  async importImage(rootfs: AsyncIterable<Uint8Array>, tag: string): Promise<string> {
    for await (const _chunk of rootfs);
    return this.#driver.addImage(tag);
  }
}
