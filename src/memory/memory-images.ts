/** Images of the memory driver: names for behaviours, with what an engine would report of them. */

import type { ImageDriver, ImageInfo, InstanceSpec } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";

/** What an instance of an image does once it is started. Nothing given: it runs until it is stopped. */
export type MemoryBehaviour = {
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
  /** It ends by itself with that code, right after its lines. */
  readonly exitCode?: number;
  readonly wasOomKilled?: boolean;
  /** It can't be started at all; these are the engine's words. */
  readonly startError?: string;
  readonly exec?: (command: readonly string[]) => { readonly exitCode: number; readonly output: string };
};

export type MemoryImageOptions = {
  readonly exposedPorts?: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly behaviour?: (spec: InstanceSpec) => MemoryBehaviour;
};

type Image = { readonly info: ImageInfo; readonly options: MemoryImageOptions };

const ROOT = { uid: 0, gid: 0 };

export class MemoryImages implements ImageDriver {
  readonly #serverId: string;
  readonly #now: () => number;
  readonly #isInUse: (imageId: string, tag: string | undefined) => boolean;
  /** By id. */
  readonly #images = new Map<string, Image>();
  #made = 0;

  /** `isInUse` is asked before an image is removed; with a tag, about instances that were made from that one. */
  constructor(serverId: string, now: () => number, isInUse: (imageId: string, tag: string | undefined) => boolean) {
    this.#serverId = serverId;
    this.#now = now;
    this.#isInUse = isInUse;
  }

  /** Adds an image, or puts another one in the place of that tag. Answers its id. */
  add(reference: string, options: MemoryImageOptions = {}): string {
    this.#made += 1;
    const id = `sha256:${this.#made.toString(16).padStart(12, "0").padEnd(64, "0")}`;
    const info: ImageInfo = {
      id,
      tags: [],
      labels: options.labels ?? {},
      createdAt: this.#now(),
      sizeBytes: 1,
      exposedPorts: [...(options.exposedPorts ?? [])].sort((a, b) => a - b),
    };
    this.#images.set(id, { info, options });
    this.#moveTag(withVersion(reference), id);
    return id;
  }

  /** @throws AppError `not_found` */
  require(reference: string): Image {
    const name = withVersion(reference);
    const image =
      this.#images.get(reference) ?? [...this.#images.values()].find(({ info }) => info.tags.includes(name));
    if (image) return image;
    throw new AppError("not_found", `No such image: ${reference}.`);
  }

  async findImage(reference: string): Promise<ImageInfo | undefined> {
    return this.#has(reference) ? this.require(reference).info : undefined;
  }

  async listImages(
    filter: { readonly mine?: boolean; readonly serviceId?: string } = {},
  ): Promise<readonly ImageInfo[]> {
    return [...this.#images.values()]
      .map(({ info }) => info)
      .filter(({ tags }) => tags.length > 0)
      .filter(({ labels }) => !filter.mine || labels[LABELS.server] === this.#serverId)
      .filter(({ labels }) => filter.serviceId === undefined || labels[LABELS.service] === filter.serviceId)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }

  async ownerOf(reference: string): Promise<{ readonly uid: number; readonly gid: number }> {
    return this.require(reference).options.owner ?? ROOT;
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    this.#moveTag(withVersion(tag), this.require(reference).info.id);
  }

  async removeImage(reference: string): Promise<boolean> {
    if (!this.#has(reference)) return true;
    const { info, options } = this.require(reference);
    const isOneOfMany = reference !== info.id && info.tags.length > 1;
    if (this.#isInUse(info.id, isOneOfMany ? withVersion(reference) : undefined)) return false;
    const tags = info.tags.filter((tag) => reference !== info.id && tag !== withVersion(reference));
    if (tags.length === 0) this.#images.delete(info.id);
    else this.#images.set(info.id, { info: { ...info, tags }, options });
    return true;
  }

  #has(reference: string): boolean {
    const name = withVersion(reference);
    return this.#images.has(reference) || [...this.#images.values()].some(({ info }) => info.tags.includes(name));
  }

  #moveTag(tag: string, toId: string): void {
    for (const [id, { info, options }] of this.#images) {
      const others = info.tags.filter((other) => other !== tag);
      const tags = id === toId ? [...others, tag].sort() : others;
      this.#images.set(id, { info: { ...info, tags }, options });
    }
  }
}

/** The name with its tag, `latest` when it says none. */
export function withVersion(reference: string): string {
  return reference.lastIndexOf(":") > reference.lastIndexOf("/") ? reference : `${reference}:latest`;
}
