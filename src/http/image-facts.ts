/** Which images instances were made from, and which images the names stand for now: who runs an older one is out of date. */

import type { ImageDriver, InstanceDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";

export type ImageFacts = {
  /** Image ids by the instances' runtime ids. */
  readonly made: ReadonlyMap<string, string>;
  /** Image ids by tag. */
  readonly named: ReadonlyMap<string, string>;
};

/** Of one service, or of all. Empty while the engine is away: then nothing is known to be out of date. */
export async function readImageFacts(
  driver: Pick<ImageDriver, "listImages"> & Pick<InstanceDriver, "list">,
  serviceId: string | undefined,
): Promise<ImageFacts> {
  const filter = serviceId === undefined ? {} : { serviceId };
  try {
    const [instances, images] = await Promise.all([driver.list(filter), driver.listImages({ mine: true, ...filter })]);
    return {
      made: new Map(instances.map((i) => [i.runtimeId, i.imageId])),
      named: new Map(images.flatMap((i) => i.tags.map((tag) => [tag, i.id] as const))),
    };
  } catch (error) {
    if (!isAppError(error, "unavailable")) throw error;
    return { made: new Map(), named: new Map() };
  }
}
