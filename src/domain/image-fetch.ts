/** Images of image services: had from the engine, a registry or a preset's recipe, and pinned so that they stay what they are. */

/** What is to be had, and for whom. */
export type FetchRequest = {
  /** The log is kept under it. */
  readonly buildId: string;
  readonly serviceId: string;
  /** As its owner named it: `postgres:16`, `ghcr.io/acme/api@sha256:…`. */
  readonly wantedImage: string;
  /** The preset that the service was made from. */
  readonly preset: string | null;
  /** The image of the same name that serves now. */
  readonly presentImage: string | null;
};

export type FetchedImage = {
  /** The tag that pins it: `<prefix>/pulled/<service id>:<first 12 of the image's id>`. */
  readonly image: string;
  /** SHA-256 (hex) that the engine knows it by. */
  readonly imageId: string;
  /** It was on the engine, nothing was fetched. */
  readonly wasPresent: boolean;
  /** TCP ports it EXPOSEs, ascending. */
  readonly exposedPorts: readonly number[];
};

export interface ImageFetch {
  /**
   * Takes the image on the engine, or fetches it; a tag that moves by itself (`latest`) is asked for each time. While the
   * engine is away it waits. `onFailedAttempt` is told how many tries have failed so far. The log is written while it goes
   * on and ended in every outcome.
   * @throws AppError `deploy_failed` ("image pull failed: …" in the registry's words), `cancelled`, `disk_full`
   */
  fetch(
    request: FetchRequest,
    onFailedAttempt: (failures: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<FetchedImage>;
}

/** How often a registry is asked before a deployment fails for it. */
export const FETCH_ATTEMPTS = 3;

/** Whether the name stands for something else tomorrow: `latest`, said or not. */
export function movesByItself(reference: string): boolean {
  if (reference.includes("@")) return false;
  const colon = reference.lastIndexOf(":");
  return colon <= reference.lastIndexOf("/") || reference.slice(colon + 1) === "latest";
}

/** The tag that pins an image for a service. */
export function pulledTag(prefix: string, serviceId: string, imageId: string): string {
  return `${prefix}/pulled/${serviceId}:${imageId.replace(/^sha256:/, "").slice(0, 12)}`;
}

/** The service that such a tag pins an image for; undefined for any other tag. */
export function pulledOwner(prefix: string, tag: string): string | undefined {
  const start = `${prefix}/pulled/`;
  return tag.startsWith(start) ? tag.slice(start.length).split(":")[0] : undefined;
}
