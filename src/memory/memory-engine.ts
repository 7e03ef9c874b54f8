/** The memory driver's engine, but for instances and their networks: images, registries, what others run, and whether it is there. */

import type { Clock } from "../domain/clock.ts";
import type {
  Driver,
  EngineDescription,
  EngineInfo,
  EngineUsage,
  ImageInfo,
  OutsideContainer,
} from "../domain/driver.ts";
import { awayError, EnginePresence, type EngineWatcher } from "./engine-presence.ts";
import { MemoryImages } from "./memory-images.ts";
import { MemoryOutside } from "./memory-outside.ts";
import { MemoryRegistries } from "./memory-registries.ts";

export type MemoryDriverOptions = {
  readonly clock: Pick<Clock, "now">;
  readonly serverId?: string;
  /** The network of the naming convention; `faaso-net` when left out. */
  readonly faasoNetwork?: string | null;
};

export abstract class MemoryEngine {
  protected readonly images: MemoryImages;
  protected readonly presence = new EnginePresence();
  /** Networks that belong to nobody and what others run there; tests change it. */
  readonly outside: MemoryOutside;
  /** What they hold and whom they let in; tests change it. */
  readonly registries: MemoryRegistries;

  constructor({ clock, serverId = "memory", faasoNetwork = "faaso-net" }: MemoryDriverOptions) {
    this.outside = new MemoryOutside({ clock, faasoNetwork, isAway: () => this.presence.isAway });
    this.images = new MemoryImages(
      serverId,
      () => clock.now(),
      (imageId, tag) => this.usesImage(imageId, tag),
    );
    this.registries = new MemoryRegistries(this.images);
  }

  /** An instance was made from that image; with a tag: by that name. */
  protected abstract usesImage(imageId: string, tag: string | undefined): boolean;
  protected abstract countInstances(): { readonly containers: number; readonly running: number };

  async ensureSharedNetwork(name: string): Promise<string | null> {
    this.presence.require();
    this.outside.addNetwork(name);
    return null;
  }

  async listOutside(network: string, namePrefix: string): Promise<readonly OutsideContainer[]> {
    this.presence.require();
    return this.outside.list(network, namePrefix);
  }

  watchOutside(network: string, namePrefix: string, onChange: () => void, signal: AbortSignal): void {
    this.outside.watch({ network, namePrefix, onChange }, signal);
  }

  // Images.

  async findImage(reference: string): Promise<ImageInfo | undefined> {
    this.presence.require();
    return this.images.findImage(reference);
  }

  async listImages(filter?: { readonly mine?: boolean; readonly serviceId?: string }): Promise<readonly ImageInfo[]> {
    this.presence.require();
    return this.images.listImages(filter);
  }

  async ownerOf(reference: string): Promise<{ readonly uid: number; readonly gid: number }> {
    this.presence.require();
    return this.images.ownerOf(reference);
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    this.presence.require();
    await this.images.tagImage(reference, tag);
  }

  async removeImage(reference: string): Promise<boolean> {
    this.presence.require();
    return this.images.removeImage(reference);
  }

  async pushImage(...args: Parameters<Driver["pushImage"]>): Promise<void> {
    this.presence.require();
    await this.registries.pushImage(...args);
  }

  async pullImage(...args: Parameters<Driver["pullImage"]>): Promise<void> {
    this.presence.require();
    await this.registries.pullImage(...args);
  }

  async hasImage(...args: Parameters<Driver["hasImage"]>): Promise<boolean> {
    this.presence.require();
    return this.registries.hasImage(...args);
  }

  async checkLogin(...args: Parameters<Driver["checkLogin"]>): Promise<void> {
    this.presence.require();
    await this.registries.checkLogin(...args);
  }

  // The engine.

  /** Nobody else can be here. */
  async requireNamesFree(): Promise<void> {
    this.presence.require();
  }

  watch(watcher: EngineWatcher, signal: AbortSignal): void {
    this.presence.watch(watcher, signal);
  }

  async info(): Promise<EngineInfo> {
    if (this.presence.isAway)
      return { reachable: false, version: null, apiVersion: null, rootDir: null, error: awayError().message };
    return { reachable: true, version: "memory", apiVersion: "1.41", rootDir: null, error: null };
  }

  async describe(): Promise<EngineDescription> {
    const { reachable, error, version, apiVersion } = await this.info();
    const { containers, running } = reachable ? this.countInstances() : { containers: 0, running: 0 };
    return {
      ...{ reachable, error, serverVersion: version, apiVersion, os: null, kernelVersion: null, architecture: null },
      ...{ storageDriver: null, loggingDriver: null, cgroupDriver: null, dockerRootDir: null, warnings: [] },
      ...{ containers, containersRunning: running, containersStopped: containers - running },
      images: reachable ? (await this.listImages()).length : 0,
    };
  }

  async usage(): Promise<EngineUsage> {
    this.presence.require();
    const sizes = (await this.listImages()).map(({ sizeBytes }) => sizeBytes);
    return { imagesSizeBytes: sizes.reduce((a, b) => a + b, 0), volumes: 0, volumesSizeBytes: 0, buildCacheBytes: 0 };
  }

  async prune(_olderThanMs: number): Promise<void> {
    this.presence.require();
  }
}
