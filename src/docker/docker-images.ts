/** Images of the engine. What never changes of one (it is content-addressed) is asked for once. */

import type { ImageInspectInfo } from "dockerode";
import type { ImageDriver, ImageInfo } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";
import { readImageOwner } from "./image-owner.ts";

type FixedInfo = Omit<ImageInfo, "tags">;
type Owner = { readonly uid: number; readonly gid: number };

const PARALLEL_LOOKS = 8;

export class DockerImages implements ImageDriver {
  readonly #client: DockerClient;
  readonly #names: EngineNames;
  readonly #known = new Map<string, FixedInfo>();
  readonly #owners = new Map<string, Owner>();
  readonly #turns = new Semaphore(PARALLEL_LOOKS);

  constructor(client: DockerClient, names: EngineNames) {
    this.#client = client;
    this.#names = names;
  }

  async findImage(reference: string): Promise<ImageInfo | undefined> {
    const info = await this.#inspect(reference);
    return info && { ...fixedInfo(info), tags: tagsOf(info.RepoTags) };
  }

  async listImages(
    filter: { readonly mine?: boolean; readonly serviceId?: string } = {},
  ): Promise<readonly ImageInfo[]> {
    const label = filter.mine ? this.#names.ownFilter() : [];
    if (filter.serviceId !== undefined) label.push(`${LABELS.service}=${filter.serviceId}`);
    const filters = { dangling: ["false"], ...(label.length > 0 && { label }) };
    const listed = await this.#client.call((engine) => engine.listImages({ filters }));
    const images = await Promise.all(
      listed.map(async ({ Id, RepoTags }) => {
        const fixed = await this.#fixedInfo(Id);
        return fixed && { ...fixed, tags: tagsOf(RepoTags) };
      }),
    );
    this.#forgetOthers(filter, listed);
    return images
      .filter((image) => image !== undefined && image.tags.length > 0)
      .flatMap((image) => image ?? [])
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  async ownerOf(reference: string): Promise<Owner> {
    const info = await this.#inspect(reference);
    if (info === undefined) throw new AppError("not_found", `There is no image ${reference}.`);
    const owner = this.#owners.get(info.Id) ?? (await readImageOwner(this.#client, this.#names, info));
    this.#owners.set(info.Id, owner);
    return owner;
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    const colon = tag.lastIndexOf(":");
    const hasVersion = colon > tag.lastIndexOf("/");
    const name = hasVersion ? { repo: tag.slice(0, colon), tag: tag.slice(colon + 1) } : { repo: tag, tag: "latest" };
    await this.#client.call((engine) => engine.getImage(reference).tag(name));
  }

  /** Given a tag, that tag goes, and the image with its last one; given an id, all its tags. */
  async removeImage(reference: string): Promise<boolean> {
    const info = await this.#inspect(reference);
    if (info === undefined) return true;
    const tags = tagsOf(info.RepoTags);
    const isId = !tags.includes(reference) && !tags.includes(`${reference}:latest`);
    if (await this.#isInUse(info.Id, isId || tags.length === 1 ? undefined : reference)) return false;
    const doomed = isId && tags.length > 0 ? tags : [reference];
    for (const name of doomed) if (!(await this.#removeOne(name))) return false;
    return true;
  }

  async #removeOne(name: string): Promise<boolean> {
    try {
      await this.#client.call((engine) => engine.getImage(name).remove());
      return true;
    } catch (error) {
      if (isAppError(error, "not_found")) return true;
      if (isAppError(error, "conflict")) return false;
      throw error;
    }
  }

  /**
   * By any container, ours or not, running or not: the engine would take a tag away from under it without a word.
   * @param tag only those that were made from that one count
   */
  async #isInUse(imageId: string, tag: string | undefined): Promise<boolean> {
    const containers = await this.#client.call((engine) => engine.listContainers({ all: true }));
    return containers.some(({ ImageID, Image }) => ImageID === imageId && (tag === undefined || Image === tag));
  }

  async #inspect(reference: string): Promise<ImageInspectInfo | undefined> {
    try {
      return await this.#client.call((engine) => engine.getImage(reference).inspect());
    } catch (error) {
      if (isAppError(error, "not_found")) return undefined;
      throw error;
    }
  }

  async #fixedInfo(id: string): Promise<FixedInfo | undefined> {
    const known = this.#known.get(id);
    if (known) return known;
    const giveBack = await this.#turns.acquire();
    try {
      const info = await this.#inspect(id);
      if (info === undefined) return undefined;
      const fixed = fixedInfo(info);
      this.#known.set(id, fixed);
      return fixed;
    } finally {
      giveBack();
    }
  }

  /** A list of all images says which are no more. */
  #forgetOthers(
    filter: { readonly mine?: boolean; readonly serviceId?: string },
    all: readonly { Id: string }[],
  ): void {
    if (filter.mine || filter.serviceId !== undefined) return;
    const ids = new Set(all.map((image) => image.Id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    for (const id of this.#owners.keys()) if (!ids.has(id)) this.#owners.delete(id);
  }
}

function fixedInfo(info: ImageInspectInfo): FixedInfo {
  const ports = Object.keys(info.Config.ExposedPorts ?? {});
  return {
    id: info.Id,
    labels: info.Config.Labels ?? {},
    createdAt: Date.parse(info.Created),
    sizeBytes: info.Size,
    exposedPorts: ports
      .filter((port) => port.endsWith("/tcp"))
      .map((port) => Number.parseInt(port, 10))
      .sort((a, b) => a - b),
  };
}

function tagsOf(repoTags: readonly string[] | null | undefined): readonly string[] {
  return (repoTags ?? []).filter((tag) => tag !== "<none>:<none>").sort();
}
