/** Functions of the local workshop: started, replaced, scaled, listed, purged; each is what its containers and images say. */

import type { LocalContainer } from "../docker/local-containers.ts";
import { isStopFirst } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { LocalFunctions, LocalLogLine, LocalProgress, LocalStatus } from "../domain/workshop.ts";
import { isPortFree } from "../lib/free-port.ts";
import { nearest } from "../lib/nearest.ts";
import { portTaken } from "./local-dev-port.ts";
import { functionOf, type LocalEngine } from "./local-engine.ts";
import { lockLocalFunction } from "./local-lock.ts";
import { readLocalLogs } from "./local-logs.ts";
import { hashOfSettings, type LocalSettings } from "./local-settings.ts";
import { type LocalStarter, STOP_GRACE_SECONDS } from "./local-starter.ts";
import { statusOf } from "./local-status.ts";
import type { LocalRecord, LocalStore } from "./local-store.ts";
import { latestTag } from "./local-tags.ts";

export type EngineLocalFunctionsOptions = {
  readonly engine: LocalEngine;
  readonly store: LocalStore;
  readonly starter: LocalStarter;
};

/** What a new container is to be: the newest image with the settings it was built with. */
type Target = { readonly name: string; readonly image: string; readonly imageId: string; readonly record: LocalRecord };

type StartHow = { readonly port: number | undefined; readonly signal: AbortSignal };

export class EngineLocalFunctions implements LocalFunctions {
  readonly #options: EngineLocalFunctionsOptions;

  constructor(options: EngineLocalFunctionsOptions) {
    this.#options = options;
  }

  /** Writes down what was built, for those who know only its name. */
  async remember(name: string, settings: LocalSettings): Promise<void> {
    const { store } = this.#options;
    const before = await store.findRecord(name);
    const found = before?.foundPort ?? null;
    await store.putRecord(name, {
      settings,
      settingsHash: hashOfSettings(settings),
      foundPort: found !== null && settings.listenPorts.includes(found) ? found : null,
      port: before?.port ?? null,
    });
  }

  up(
    name: string,
    options: { readonly port?: number | undefined },
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalStatus> {
    return this.#alone(name, progress, signal, () => this.#up(name, options, progress, signal));
  }

  async #up(
    name: string,
    { port }: { readonly port?: number | undefined },
    progress: LocalProgress,
    signal: AbortSignal,
  ): Promise<LocalStatus> {
    const target = await this.#target(name);
    const running = await this.#running(name);
    const [first, ...others] = running;
    if (first === undefined) {
      progress.onStep(`starting ${name}`);
      await this.#startFirst(target, { port, signal });
    } else {
      const isElsewhere = port !== undefined && first.port?.hostPort !== port;
      if (isElsewhere || !isCurrent(first, target)) {
        progress.onStep(`replacing ${first.name}`);
        await this.#replace(first, target, { port: port ?? first.port?.hostPort, signal });
      }
      for (const other of others.filter((c) => !isCurrent(c, target))) {
        progress.onStep(`replacing ${other.name}`);
        await this.#replace(other, target, { port: other.port?.hostPort, signal });
      }
    }
    await this.#removeDead(name);
    return this.#statusOf(name);
  }

  scale(name: string, count: number, progress: LocalProgress, signal: AbortSignal): Promise<LocalStatus> {
    return this.#alone(name, progress, signal, () => this.#scale(name, count, progress, signal));
  }

  async #scale(name: string, count: number, progress: LocalProgress, signal: AbortSignal): Promise<LocalStatus> {
    const running = await this.#running(name);
    if (running.length < count) {
      const target = await this.#target(name);
      requireScalable(target, count);
      for (let n = running.length; n < count; n += 1) {
        progress.onStep(`starting ${name} (${n + 1} of ${count})`);
        const how = { port: undefined, signal };
        await (n === 0 ? this.#startFirst(target, how) : this.#start(target, how));
      }
    } else if (running.length === 0) {
      await this.#requireKnown([name]);
    }
    const surplus = running.slice(0, Math.max(0, running.length - count));
    if (surplus.length > 0) progress.onStep(`stopping ${surplus.length} of ${name}`);
    await Promise.all(surplus.map(({ id }) => this.#end(id)));
    await this.#removeDead(name);
    return this.#statusOf(name);
  }

  deploy(name: string, progress: LocalProgress, signal: AbortSignal) {
    return this.#alone(name, progress, signal, () => this.#deploy(name, progress, signal));
  }

  async #deploy(name: string, progress: LocalProgress, signal: AbortSignal) {
    const target = await this.#target(name);
    const outdated = (await this.#running(name)).filter((container) => !isCurrent(container, target));
    for (const [i, container] of outdated.entries()) {
      progress.onStep(`replacing ${container.name} (${i + 1} of ${outdated.length})`);
      await this.#replace(container, target, { port: container.port?.hostPort, signal });
    }
    await this.#removeDead(name);
    return { replaced: outdated.length, status: await this.#statusOf(name) };
  }

  async status(names: readonly string[]): Promise<readonly LocalStatus[]> {
    const known = await this.#requireKnown(names);
    const wanted = names.length === 0 ? known : [...new Set(names)];
    return Promise.all(wanted.toSorted().map((name) => this.#statusOf(name)));
  }

  async *logs(
    name: string,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LocalLogLine> {
    await this.#requireKnown([name]);
    yield* readLocalLogs(this.#options.engine.containers, name, options, signal);
  }

  async purge(name: string): Promise<readonly string[]> {
    await this.#requireKnown([name]);
    return this.#alone(name, { onStep: () => undefined }, new AbortController().signal, () => this.#purge(name));
  }

  async #purge(name: string): Promise<readonly string[]> {
    const { engine, store } = this.#options;
    const containers = await engine.containers.list(name);
    await Promise.all(containers.map(({ id }) => this.#end(id)));
    for (const { tags } of await engine.imagesOf(name)) for (const tag of tags) await engine.untag(tag);
    await store.forget(name);
    return store.keptFolders(name);
  }

  /** Two commands that change one function would take each other's containers for remains: the second waits. */
  async #alone<T>(
    name: string,
    progress: Pick<LocalProgress, "onStep">,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const onWait = (): void => progress.onStep(`waiting for another slipway that is at work on ${name}`);
    const lock = await lockLocalFunction(this.#options.store.lockFolder(name), onWait, signal);
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  /** The first instance gets the port its function had, where that is free. */
  async #startFirst(target: Target, { port, signal }: StartHow): Promise<void> {
    const before = port === undefined ? target.record.port : null;
    if (before === null) return this.#start(target, { port, signal });
    try {
      await this.#start(target, { port: before, signal });
    } catch (error) {
      if (!(error instanceof AppError && error.code === "conflict")) throw error;
      await this.#start(target, { port: undefined, signal });
    }
  }

  async #start({ name, image, record }: Target, { port, signal }: StartHow): Promise<void> {
    const { starter, store } = this.#options;
    const found = record.foundPort;
    const listenPorts = found === null ? record.settings.listenPorts : [found];
    const started = await starter.start({
      name,
      image,
      settings: { ...record.settings, listenPorts },
      settingsHash: record.settingsHash,
      purpose: "up",
      hostPort: port,
      signal,
    });
    const now = (await store.findRecord(name)) ?? record;
    await store.putRecord(name, { ...now, foundPort: started.port, port: started.hostPort });
  }

  /**
   * A copy on another port shows that the new one is well; then the old one goes and the new one takes its port, for a
   * port can't change hands while both run. With a writable volume only one may run: the old one ends first and comes
   * back when the new one fails.
   */
  async #replace(old: LocalContainer, target: Target, { port, signal }: StartHow): Promise<void> {
    const { engine, starter } = this.#options;
    const { name, image, record } = target;
    const { settings, settingsHash } = record;
    // Before anything stops: what runs need not end to find out.
    const isMoving = port !== undefined && port !== old.port?.hostPort;
    if (isMoving && !(await isPortFree(port))) throw portTaken(port);
    if (!isStopFirst({ volumes: settings.volumes, ports: [] })) {
      const listenPorts = record.foundPort === null ? settings.listenPorts : [record.foundPort];
      const check = { ...settings, listenPorts };
      const request = { name, image, settings: check, settingsHash, purpose: "check" as const, hostPort: null };
      const { id } = await starter.start({ ...request, signal });
      await engine.containers.remove(id);
    }
    await engine.containers.stop(old.id, STOP_GRACE_SECONDS);
    try {
      await this.#start(target, { port, signal });
    } catch (error) {
      await engine.containers.start(old.id);
      throw error;
    }
    await engine.containers.remove(old.id);
  }

  async #end(id: string): Promise<void> {
    const { containers } = this.#options.engine;
    await containers.stop(id, STOP_GRACE_SECONDS);
    await containers.remove(id);
  }

  async #running(name: string): Promise<readonly LocalContainer[]> {
    const all = await this.#options.engine.containers.list(name);
    return all.filter(({ isRunning, purpose }) => isRunning && purpose === "up");
  }

  /** Ended instances, and whatever a command that was killed has left. */
  async #removeDead(name: string): Promise<void> {
    const all = await this.#options.engine.containers.list(name);
    const dead = all.filter(({ isRunning, purpose }) => (purpose === "up" && !isRunning) || purpose === "check");
    await Promise.all(dead.map(({ id }) => this.#options.engine.containers.remove(id)));
  }

  /** @throws AppError `not_found` saying how to build it */
  async #target(name: string): Promise<Target> {
    const { engine, store } = this.#options;
    const [found, record] = await Promise.all([engine.images.findImage(latestTag(name)), store.findRecord(name)]);
    if (found !== undefined && record !== undefined) return { name, image: found.id, imageId: found.id, record };
    throw await this.#unknown(name);
  }

  async #statusOf(name: string): Promise<LocalStatus> {
    const { engine, store } = this.#options;
    const [containers, images, record, latest] = await Promise.all([
      engine.containers.list(name),
      engine.imagesOf(name),
      store.findRecord(name),
      engine.images.findImage(latestTag(name)),
    ]);
    return statusOf(name, { containers, images, record, latestId: latest?.id });
  }

  /** The names of all functions, sorted. @throws AppError `not_found` for the first of `names` that is none */
  async #requireKnown(names: readonly string[]): Promise<readonly string[]> {
    const known = await this.#names();
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw await this.#unknown(unknown);
    return known;
  }

  async #names(): Promise<readonly string[]> {
    const { engine } = this.#options;
    const [containers, images] = await Promise.all([engine.containers.list(), engine.imagesOf()]);
    const names = [
      ...containers.filter(({ purpose }) => purpose === "up").map(({ functionName }) => functionName),
      ...images.flatMap(({ labels }) => functionOf(labels) ?? []),
    ];
    return [...new Set(names)].sort();
  }

  async #unknown(name: string): Promise<AppError> {
    const close = nearest(name, await this.#names());
    return new AppError("not_found", `There is no function ${name} on this machine's engine.`, {
      remedy: close === undefined ? "Build it: slipway build -l FOLDER" : `Did you mean ${close}?`,
    });
  }
}

function isCurrent(container: LocalContainer, { imageId, record }: Target): boolean {
  return container.imageId === imageId && container.settingsHash === record.settingsHash;
}

function requireScalable({ name, record }: Target, count: number): void {
  if (count <= 1 || !isStopFirst({ volumes: record.settings.volumes, ports: [] })) return;
  throw new AppError("invalid", `${name} has a writable volume, so it runs as one instance.`, {
    remedy: "Make the volume read-only (`:ro`), or leave it out.",
  });
}
