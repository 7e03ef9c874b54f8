/** Registries without a network: they keep what is pushed, ask for a password where a test says so, and can be away. */

import type { ImageInfo } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { type RegistryDriver, type RegistryLogin, registryHostOf } from "../domain/registry.ts";
import type { MemoryImages } from "./memory-images.ts";

export class MemoryRegistries implements RegistryDriver {
  readonly #images: MemoryImages;
  /** By reference. */
  readonly #kept = new Map<string, ImageInfo>();
  /** Password by host; a host without one lets everybody in. */
  readonly passwords = new Map<string, string>();
  /** Hosts that don't answer. */
  readonly away = new Set<string>();

  constructor(images: MemoryImages) {
    this.#images = images;
  }

  /** Somebody pushes an image that the engine does not have. */
  add(reference: string, { exposedPorts }: { readonly exposedPorts: readonly number[] }): void {
    this.#kept.set(reference, { id: "", tags: [], labels: {}, createdAt: 0, sizeBytes: 1, exposedPorts });
  }

  /** References of what was pushed, sorted. */
  get pushed(): readonly string[] {
    return [...this.#kept.keys()].sort();
  }

  async pushImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { info } = this.#images.require(reference);
    this.#admit(registryHostOf(reference), login, signal);
    this.#kept.set(reference, info);
    onLine(`pushed ${reference}`);
  }

  async pullImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#admit(registryHostOf(reference), login, signal);
    const info = this.#kept.get(reference);
    if (info === undefined) throw new AppError("not_found", `The registry has no image ${reference}.`);
    this.#images.add(reference, { labels: info.labels, exposedPorts: info.exposedPorts });
    onLine(`pulled ${reference}`);
  }

  async hasImage(reference: string, login: RegistryLogin | undefined, signal: AbortSignal): Promise<boolean> {
    this.#admit(registryHostOf(reference), login, signal);
    return this.#kept.has(reference);
  }

  async checkLogin(login: RegistryLogin): Promise<void> {
    this.#admit(login.host, login, new AbortController().signal);
  }

  #admit(host: string, login: RegistryLogin | undefined, signal: AbortSignal): void {
    if (signal.aborted) throw new AppError("cancelled", "Cancelled.");
    if (this.away.has(host)) throw new AppError("bad_gateway", `The registry ${host} does not answer.`);
    const password = this.passwords.get(host);
    if (password === undefined || password === login?.password) return;
    throw new AppError("unauthorized", `The registry ${host} refuses.`);
  }
}
